import type { Standing } from '../../shared/access/standing.ts';

/** What a job is told of itself, with the values that a job of this caller would see where they do not depend on the job. */
export const contextualVariables = (standing: Standing, baseUrl: string) => {
  const { workspace, username, email, permissioned_as } = standing;
  const named = (name: string, value: string, description: string) => ({ name, value, description, is_custom: false });
  return [
    named('WM_WORKSPACE', workspace, 'The workspace of the job'),
    named('WM_TOKEN', '', 'A token with the rights of the job, good while it runs'),
    named('WM_EMAIL', email, 'The email of whom the job runs as'),
    named('WM_USERNAME', username, 'The name of whom the job runs as'),
    named('WM_BASE_URL', baseUrl, 'Where this installation is reached'),
    named('WM_JOB_ID', '', 'The id of the job'),
    named('WM_JOB_PATH', '', 'The path of the script; empty for code that came with the request'),
    named('WM_FLOW_JOB_ID', '', 'The id of the flow whose step the job is'),
    named('WM_ROOT_FLOW_JOB_ID', '', 'The id of the outermost flow'),
    named('WM_ROOT_JOB_ID', '', 'The id of the job that began it all'),
    named('WM_FLOW_PATH', '', 'The path of the flow whose step the job is'),
    named('WM_SCHEDULE_PATH', '', 'The path of the schedule that started the job'),
    named('WM_SCHEDULED_FOR', '', 'When the job was to start (RFC 3339)'),
    named('WM_PERMISSIONED_AS', permissioned_as, 'Whom the job runs as: u/<user> or g/<group>'),
    named('WM_STATE_PATH', '', 'The path of the resource that keeps the state of the script'),
    named('WM_STATE_PATH_NEW', '', 'The same as WM_STATE_PATH'),
    named('WM_FLOW_STEP_ID', '', 'The id of the step in its flow'),
    named('WM_OBJECT_PATH', '', 'A path for objects of this job'),
    named('WM_WORKER_GROUP', '', 'The worker group that runs the job'),
    named('WM_RUNNABLE_ID', '', 'The version of the script, in decimal'),
    named('WM_END_USER_EMAIL', '', 'The email of who uses an app that started the job'),
  ];
};
