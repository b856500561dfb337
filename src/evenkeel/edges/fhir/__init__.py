"""The FHIR door: R4 bundles in, charts or faults out."""
