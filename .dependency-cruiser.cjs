/** The rooms and who may import whom. Imports point one way; what is not allowed here fails `npm run check`. */
const room = (name, from, forbidden, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: forbidden },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    room(
      'model-is-pure',
      '^shared/model/',
      '^(shared/(?!model/)|functions/|infra/|local/|web/)|^node:|node_modules/(?!(zod|croner)/)',
      'shared/model also runs in the browser: zod only',
    ),
    {
      name: 'croner-in-one-file',
      severity: 'error',
      comment:
        'when a cron ticks is pure, but its clock changes are not to be written twice: one file of the model asks croner',
      from: { path: '^shared/', pathNot: '^shared/model/cron\\.ts$' },
      to: { path: 'node_modules/croner/' },
    },
    {
      name: 'model-without-node',
      severity: 'error',
      from: { path: '^shared/model/' },
      to: { dependencyTypes: ['core'] },
    },
    room(
      'access-is-pure',
      '^shared/access/',
      '^(shared/(?!model/|access/)|functions/|infra/|local/)|node_modules/',
      'rules are decided without the outside',
    ),
    {
      name: 'access-without-node',
      severity: 'error',
      from: { path: '^shared/access/' },
      to: { dependencyTypes: ['core'] },
    },
    room(
      'flow-is-pure',
      '^shared/flow/',
      '^(shared/(?!model/|flow/)|functions/|infra/|local/)|node_modules/(?!zod/)',
      'the state machine of flows asks for what it does not know',
    ),
    {
      name: 'flow-without-node',
      severity: 'error',
      from: { path: '^shared/flow/' },
      to: { dependencyTypes: ['core'] },
    },
    room(
      'jobs-know-ports-only',
      '^shared/jobs/',
      '^(shared/(?!model/|flow/|access/|jobs/)|functions/|infra/|local/)|node_modules/',
      'the steps of a job reach the outside through ports',
    ),
    room(
      'expressions-know-values-only',
      '^shared/expressions/',
      '^(shared/(?!model/|expressions/)|functions/|infra/|local/)|node_modules/(?!(quickjs-emscripten-core|@jitl)/)',
      'an expression reaches nothing but what it is given',
    ),
    {
      name: 'quickjs-in-expressions-only',
      severity: 'error',
      from: { path: '^(shared|functions)/', pathNot: '^shared/expressions/' },
      to: { path: 'node_modules/(quickjs-emscripten-core|@jitl)/' },
    },
    room(
      'contracts-are-data',
      '^shared/contracts/',
      '^(shared/(?!model/|access/|contracts/)|functions/|infra/|local/)|node_modules/(?!zod/)',
      'contracts hold no code that runs a request',
    ),
    room(
      'http-without-aws',
      '^shared/http/',
      '^(shared/aws/|functions/|infra/|local/)|node_modules/@aws-sdk/',
      'the rim knows ports',
    ),
    room(
      'aws-below-http',
      '^shared/aws/',
      '^(shared/(http|contracts)/|functions/|infra/|local/)|node_modules/@middy/',
      'adapters implement ports, nothing more',
    ),
    {
      name: 'sdk-in-aws-only',
      severity: 'error',
      comment: 'shared/aws is the only room of the product with the SDK',
      from: { path: '^(shared|functions)/', pathNot: '^shared/aws/' },
      to: { path: 'node_modules/@aws-sdk/' },
    },
    {
      name: 'ecs-in-dispatch-only',
      severity: 'error',
      comment: 'who starts no tasks does not carry the client that does',
      from: { path: '^functions/', pathNot: '^functions/dispatch/' },
      to: { path: '^shared/aws/fargate-tasks\\.ts$', reachable: true },
    },
    {
      name: 'ecs-in-one-file',
      severity: 'error',
      from: { path: '^(shared|functions)/', pathNot: '^shared/aws/fargate-tasks\\.ts$' },
      to: { path: 'node_modules/@aws-sdk/client-ecs/' },
    },
    {
      name: 'middy-at-the-rim',
      severity: 'error',
      from: { path: '^(shared|functions)/', pathNot: '^(shared/http/|functions/[^/]+/handler\\.ts$)' },
      to: { path: 'node_modules/@middy/' },
    },
    {
      name: 'functions-apart',
      severity: 'error',
      comment: 'a function never imports another',
      from: { path: '^functions/([^/]+)/' },
      to: { path: '^functions/', pathNot: '^functions/$1/' },
    },
    room(
      'functions-know-shared',
      '^functions/',
      '^(infra|local|web|test|bench)/',
      'what deploys knows nothing of where it runs',
    ),
    {
      name: 'infra-sees-environments-only',
      severity: 'error',
      comment: 'types of each env.ts; entry points are assets, not imports',
      from: { path: '^infra/' },
      to: { path: '^(functions/(?!.*/env\\.ts$)|shared/(?!model/)|local/)' },
    },
    {
      name: 'local-reads-the-assembly',
      severity: 'error',
      comment: 'local/ reads cdk.out, never infra source',
      from: { path: '^local/' },
      to: { path: '^infra/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
