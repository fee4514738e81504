"""Measurements of annotations, and spectra."""

from specwidget.measurements.spectrum import Spectrum, peaks, spectrum
from specwidget.measurements.table import MEASUREMENTS, UserMeasure, measure

__all__ = ["MEASUREMENTS", "Spectrum", "UserMeasure", "measure", "peaks", "spectrum"]
