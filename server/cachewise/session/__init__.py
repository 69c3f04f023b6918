"""What the editor has open: documents, workspace folders, and which request of a document is the newest."""
