"""Still pictures of the widget, for viewers in which no kernel runs.

`still_inputs` computes what a picture shows, with bounded work for a recording of any length;
`render_png` draws it. Neither needs matplotlib, a browser or a widget.
"""

from specwidget.snapshot.gather import Still, still_inputs
from specwidget.snapshot.render import render_png

__all__ = ["Still", "render_png", "still_inputs"]
