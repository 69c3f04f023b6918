"""One function per feature, each a walk from the editor's snapshot to the answer; the only users of the side rooms."""
