# Entry of a Python job: `python3 -u -B python_boot.py <entrypoint>` in the job's folder. All work is in python_wrapper,
# which the prepared interpreter (python_server.py) uses too.
if __name__ == "__main__":
    import python_wrapper
    import sys

    python_wrapper.run(sys.argv[1])
