"""What can be run as a whole: the demonstration, and one file for each published table or figure."""
