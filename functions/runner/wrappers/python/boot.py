# Entry of a Python job: `python3 -u -B boot.py <entrypoint> <package it is in> <folder of packages>...` in the job's folder.
if __name__ == "__main__":
    import sys

    import millrace_job

    millrace_job.run(sys.argv[1], sys.argv[2], sys.argv[3:])
