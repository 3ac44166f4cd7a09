/** A link to one job that somebody who may see it made: it shows that job and what belongs to it, and nothing else. */
export type ViewLink = {
  job: string;
  /** Good for anybody; otherwise for whoever is logged in, whatever he is in the workspace. */
  public: boolean;
};

/** Checks the links that requests bring. */
export interface ViewLinks {
  /** Undefined: not made here, made for another workspace, or its job is gone. */
  check(workspace: string, token: string): Promise<ViewLink | undefined>;
}
