"""What every command makes of damaged files: kinds of files, kinds of damage, and a judge that is a program."""
