"""How long a stop takes, and whether anything moves after it: every kind of stop at the moment of every bus fault."""
