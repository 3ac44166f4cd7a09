/** Resource types that mean nothing on one machine, each with the reason. Whatever is neither here nor built fails the start. */
export const ignored: Record<string, string> = {
  'AWS::CDK::Metadata': 'says only which library versions made the template',
  'AWS::Logs::LogGroup': 'function logs go to files of the state folder',
  'AWS::Logs::ResourcePolicy': 'nothing writes to CloudWatch here',
  'AWS::CloudWatch::Alarm': 'nobody is on call for one machine',
  'AWS::CloudWatch::CompositeAlarm': 'nobody is on call for one machine',
  'AWS::CloudWatch::Dashboard': 'the meter is read directly',
  'AWS::SNS::Topic': 'carries alarms only',
  'AWS::SNS::TopicPolicy': 'carries alarms only',
  'AWS::SNS::Subscription': 'carries alarms only',
  'AWS::CloudFront::OriginAccessControl': 'the local front door reads the bucket itself',
  'AWS::CloudFront::CachePolicy': 'the local front door caches nothing',
  'AWS::CloudFront::OriginRequestPolicy': 'the local front door forwards everything but Host',
  'AWS::ApiGatewayV2::Stage': 'there is one stage, $default, and no access log',
  'AWS::WAFv2::WebACL': 'the front door listens on the loopback address only',
};
