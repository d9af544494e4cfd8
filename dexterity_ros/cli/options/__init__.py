"""The options of every command, one file per command; nothing heavy is imported here, so that help needs no extra.

A class is one command. Its docstring is the help: one line, then whatever else a person should know, then, after
`JSON keys:`, what `--json` writes (shown by `--help-json` and in docs/json.md), then the options.
"""
