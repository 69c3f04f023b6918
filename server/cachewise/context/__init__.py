"""What a request tells the model: the shared files, gathered and laid out so that the provider's cache keeps them."""
