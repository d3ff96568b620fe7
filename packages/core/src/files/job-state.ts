/** What a job of the background thread answers when it is asked for its state; what is negative is the errno that it failed with. */
export const JOB_UNDER_WAY = 0
export const JOB_DONE = 1
