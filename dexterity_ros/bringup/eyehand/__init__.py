"""Where the camera stands and where the joints' zeros are, from depth images of the hand itself."""
