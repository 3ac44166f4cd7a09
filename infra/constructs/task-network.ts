import { CfnSecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';

/**
 * Where tasks run. What is made here costs nothing while no task runs: public subnets in two zones instead of a NAT
 * gateway, and a security group that lets everything out and nothing in. Or it is what the configuration names, by ids.
 */
export class TaskNetwork extends Construct {
  readonly subnets: string[];
  readonly securityGroups: string[];
  /** Whether tasks get addresses of their own, without which they reach nothing from a public subnet. */
  readonly publicIp: boolean;

  constructor(scope: Construct, id: string, given: Config['network']) {
    super(scope, id);
    if (given !== undefined) {
      this.subnets = given.subnetIds;
      this.securityGroups = given.securityGroupIds;
      this.publicIp = given.publicIp;
      return;
    }
    const vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Tasks', subnetType: SubnetType.PUBLIC, cidrMask: 20 }],
      // It would take a function of CDK's own; no task is in the default group.
      restrictDefaultSecurityGroup: false,
    });
    const group = new CfnSecurityGroup(this, 'Out', {
      vpcId: vpc.vpcId,
      groupDescription: 'Tasks reach out; nothing reaches them',
      securityGroupEgress: [{ ipProtocol: '-1', cidrIp: '0.0.0.0/0' }],
    });
    this.subnets = vpc.publicSubnets.map(({ subnetId }) => subnetId);
    this.securityGroups = [group.attrGroupId];
    this.publicIp = true;
  }
}
