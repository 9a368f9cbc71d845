"""`python -m wenlu`."""

from wenlu.cli.main import main

if __name__ == "__main__":
    main()
