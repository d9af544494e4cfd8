"""A block of a transformer, for learners that say many actions at once."""

from torch import Tensor, nn

from dexterity_ros.contracts.errors import ConfigError


class Attention(nn.Module):
    """Every query looks at every key, with several heads."""

    def __init__(self, width: int, heads: int) -> None:
        """Raises ConfigError when the heads cannot share the width."""
        super().__init__()
        if width % heads:
            raise ConfigError(f"width is {width} and heads {heads}: expected a width that {heads} divides")
        self._heads = heads
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.last = nn.Linear(width, width)

    def forward(self, asking: Tensor, asked: Tensor, valid: Tensor | None = None) -> Tensor:
        """Returns (n, Q, width). asking (n, Q, width), asked (n, K, width). valid: (n, K), what may be looked at."""
        query = self._split(self.query(asking))
        key, value = (self._split(part) for part in self.key_value(asked).chunk(2, dim=-1))
        mask = None if valid is None else (valid > 0.0)[:, None, None, :]
        found = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        outputs: Tensor = self.last(found.transpose(1, 2).flatten(-2))
        return outputs

    def _split(self, tokens: Tensor) -> Tensor:
        """Returns (n, heads, K, width / heads)."""
        return tokens.unflatten(-1, (self._heads, -1)).transpose(1, 2)


class Block(nn.Module):
    """Attention among tokens, to a memory where there is one, and two layers for each token; normalised before each."""

    def __init__(self, width: int, heads: int, *, with_memory: bool = False) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3 if with_memory else 2))
        self.among = Attention(width, heads)
        self.memory = Attention(width, heads) if with_memory else None
        self.each = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, tokens: Tensor, memory: Tensor | None = None, valid: Tensor | None = None) -> Tensor:
        """Returns tokens (n, K, width). valid: (n, K), which of them may be looked at."""
        normed = self.norms[0](tokens)
        tokens = tokens + self.among(normed, normed, valid)
        if self.memory is not None and memory is not None:
            tokens = tokens + self.memory(self.norms[2](tokens), memory)
        after: Tensor = tokens + self.each(self.norms[1](tokens))
        return after
