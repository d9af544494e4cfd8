"""Systems of nodes: what they are made of, starting and watching their processes, operating them."""
