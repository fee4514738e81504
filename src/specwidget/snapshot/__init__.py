"""Still pictures of the widget, for viewers in which no kernel runs.

`still_inputs` computes what a picture shows, with bounded work for a recording of any length;
`render_png` draws it; `picture_of` does both for a widget. No matplotlib, no browser.
"""

from specwidget.snapshot.gather import Still, still_inputs
from specwidget.snapshot.of_widget import picture_of
from specwidget.snapshot.render import render_png

__all__ = ["Still", "picture_of", "render_png", "still_inputs"]
