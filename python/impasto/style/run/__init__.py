"""The same networks, faster: folded, fused, graphed, scripted."""
