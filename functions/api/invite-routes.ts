import type { InviteCatalog } from '../../shared/aws/invite-catalog.ts';
import {
  acceptInvite,
  declineInvite,
  deleteInvite,
  inviteUser,
  listPendingInvites,
  listWorkspaceInvites,
} from '../../shared/contracts/invites.ts';
import { instanceRoute, type Route, route } from '../../shared/http/route.ts';
import { badRequest, notFound, type Problem, unreachable } from '../../shared/model/errors.ts';
import type { Invite } from '../../shared/model/invite.ts';

export type InviteDeps = { invites: InviteCatalog };

const view = ({ workspace, email, is_admin, operator }: Invite) => ({
  workspace_id: workspace,
  email,
  is_admin,
  operator,
});

const noInvite = (workspace: string): Problem => notFound(`you have no invitation into workspace ${workspace}`);

const adminRoutes = ({ invites }: InviteDeps): Route[] => [
  route(inviteUser, async ({ params: { workspace }, body: { is_admin, operator, ...body }, now }) => {
    const email = body.email.toLowerCase();
    if (!(await invites.put({ workspace, email, is_admin, operator, created_at: now })))
      throw badRequest(`${email} is a member of workspace ${workspace} already`);
    return { body: `user with email ${email} invited`, audit: { resource: email } };
  }),
  route(listPendingInvites, async ({ params }) => ({
    body: (await invites.ofWorkspace(params.workspace)).map(view),
  })),
  route(deleteInvite, async ({ params: { workspace }, body }) => {
    const email = body.email.toLowerCase();
    if (!(await invites.remove(email, workspace)))
      throw notFound(`${email} has no invitation into workspace ${workspace}`);
    return { body: `invite to email ${email} deleted`, audit: { resource: email } };
  }),
];

const inviteeRoutes = ({ invites }: InviteDeps): Route[] => [
  instanceRoute(listWorkspaceInvites, async ({ principal }) => ({
    body: (await invites.ofEmail(principal.email)).map(view),
  })),
  instanceRoute(acceptInvite, async ({ principal: { email, ...principal }, body: { workspace_id, ...body }, now }) => {
    const invite = await invites.get(email, workspace_id);
    if (invite === undefined) throw noInvite(workspace_id);
    const { is_admin, operator } = invite;
    const username = body.username ?? principal.username.slice(0, 50);
    const member = { username, email, is_admin, operator, disabled: false, created_at: now };
    const outcome = await invites.accept(invite, member);
    switch (outcome) {
      case 'accepted':
        return {
          body: `${email} is a member of workspace ${workspace_id} as ${username}`,
          audit: { workspace: workspace_id, resource: email },
        };
      case 'gone':
        throw noInvite(workspace_id);
      case 'archived':
        throw badRequest(`workspace ${workspace_id} is archived: nobody can join it`);
      case 'name taken':
        throw badRequest(
          `Bad request: body username: ${username} is taken in workspace ${workspace_id}, choose another`,
        );
      case 'member already':
        throw badRequest(`you are a member of workspace ${workspace_id} already`);
      default:
        return unreachable(outcome);
    }
  }),
  instanceRoute(declineInvite, async ({ principal, body: { workspace_id } }) => {
    if (!(await invites.remove(principal.email, workspace_id))) throw noInvite(workspace_id);
    return {
      body: `invitation into workspace ${workspace_id} declined`,
      audit: { workspace: workspace_id, resource: principal.email },
    };
  }),
];

/** Invitations into workspaces, for who invites and who is invited. */
export const inviteRoutes = (deps: InviteDeps): Route[] => [...adminRoutes(deps), ...inviteeRoutes(deps)];
