"""What is asked and said about images: questions, hypotheses, statements about pairs, referring expressions."""
