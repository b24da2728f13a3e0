"""The district's tree of units and its working calendar."""
