"""`python -m deepal` is the program `deepal`."""

from ._cli import main

if __name__ == "__main__":
    main()
