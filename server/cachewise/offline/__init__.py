"""The built-in completer: suggestions from the workspace's own text, without any model or network."""
