# Entry of a Python job: `python3 -u -B boot.py <entrypoint>` in the job's folder.
if __name__ == "__main__":
    import sys

    import millrace_job

    millrace_job.run(sys.argv[1])
