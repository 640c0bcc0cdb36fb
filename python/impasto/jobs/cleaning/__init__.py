"""What of a data set is better left out: pictures measured, near duplicates found, captions judged, a page of it."""
