"""`python -m ura_study` is `ura-study`."""

from ura_study.cli import main

main()
