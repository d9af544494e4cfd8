"""Parts of hand_node."""
