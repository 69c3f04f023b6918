"""Syntax trees of source texts, and what is read off them: imports and signatures."""
