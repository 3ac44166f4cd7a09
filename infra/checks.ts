import type { IPolicyValidationContext, PolicyValidationPluginReport, PolicyViolation } from 'aws-cdk-lib';
import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ACCEPTED_FINDINGS, type AcceptedFinding } from './nag-reasons.ts';

const fromStackOn = (constructPath: string, prefix: string): string =>
  constructPath.startsWith(prefix) ? constructPath.slice(prefix.length) : constructPath;

/** cdk-nag's AwsSolutions rules, less the findings that have a written reason. Every other finding fails synth, warnings too. */
export class WrittenReasons extends AwsSolutionsChecks {
  readonly #stackPrefix: string;
  /** Entries of the list that some finding needed. */
  readonly used = new Set<AcceptedFinding>();

  constructor(app: App, stackPrefix: string) {
    super(app);
    this.#stackPrefix = stackPrefix;
  }

  override validate(context: IPolicyValidationContext): PolicyValidationPluginReport {
    const report = super.validate(context);
    const violations = report.violations.flatMap((violation) => this.#unexplained(violation));
    return { ...report, violations, success: violations.length === 0 };
  }

  #unexplained(violation: PolicyViolation): PolicyViolation[] {
    const violatingResources = violation.violatingResources.filter(({ constructPath = '' }) => {
      const path = fromStackOn(constructPath, this.#stackPrefix);
      const accepted = ACCEPTED_FINDINGS.find(({ rule, at }) => rule.test(violation.ruleName) && at.test(path));
      if (accepted !== undefined) this.used.add(accepted);
      return accepted === undefined;
    });
    return violatingResources.length === 0 ? [] : [{ ...violation, severity: 'error', violatingResources }];
  }
}

/** Makes synth fail on every finding that has no written reason. */
export const addChecks = (app: App, stackPrefix: string): WrittenReasons => {
  const checks = new WrittenReasons(app, stackPrefix);
  Validations.of(app).addPlugins(checks);
  return checks;
};
