"""Bundle, builder, network and decoder in one object."""
