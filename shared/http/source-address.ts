/**
 * The address a request came to the front door from. Every hop writes the address of who called it behind what it was given:
 * CloudFront the viewer's, the origin CloudFront's (`caller`). So the viewer is the last who is not `caller`, and what a
 * viewer claims stands before him.
 */
export const sourceOf = (forwardedFor: string | undefined, caller: string | undefined): string | undefined => {
  const hops = (forwardedFor ?? '')
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');
  if (hops.length > 1 && hops.at(-1) === caller) hops.pop();
  return hops.at(-1) ?? caller;
};

/** Who is counted as one: an IPv4 address, or the /64 of an IPv6 address, which its holder may use in full. */
export const networkOf = (address: string): string => {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  const whole = [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest];
  return `${whole
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
};
