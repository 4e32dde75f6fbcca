"""What a run leaves behind: the run folder, fields for ParaView and NumPy, figures, the report, the console."""
