import { z } from 'zod';
import { JobId } from '../model/ids.ts';
import { ScriptHash, ScriptPath } from '../model/script.ts';
import { WorkspaceId } from '../model/workspace.ts';

export const InWorkspace = z.object({ workspace: WorkspaceId });
export const OfJob = z.object({ workspace: WorkspaceId, id: JobId });
export const OfPath = z.object({ workspace: WorkspaceId, path: ScriptPath });
export const OfHash = z.object({ workspace: WorkspaceId, hash: ScriptHash });
export const OfEmail = z.object({ email: z.string().max(255) });

/** As OWASP advises: long enough to be a phrase, short enough not to be an attack. */
export const NewPassword = z.string().min(8, 'must be at least 8 characters').max(256);
