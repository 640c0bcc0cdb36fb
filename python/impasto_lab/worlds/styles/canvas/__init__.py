"""What families of styles paint with: fields, filters, palettes, brushes, things."""
