export interface Seeds {
  readonly apps: number;
  /** How many dynos of the type `worker` each has. Default: none. */
  readonly workers?: number;
  /** The number in the first one's name. Default 1; those of a lower number are not touched. */
  readonly from?: number;
}

/**
 * SQL that adds copies of an app that was deployed, named `<template>-<number>`: the rows that the API, a build and a release
 * would have written, none with a dyno of the type `web`. They share the image and the config of the first.
 */
export function seedStatements(template: string, { apps, workers = 0, from = 1 }: Seeds): string {
  const one = `t.name = '${template}'`;
  const copies = `a.name like '${template}-%' and substr(a.name, ${template.length + 2})::int >= ${from}`;
  return `
begin;
insert into apps select gen_random_uuid(), t.name || '-' || i, owner_id, region, stack, build_stack, maintenance,
  buildpack_provided_description, released_at, now(), now() from apps t, generate_series(${from}, ${from + apps - 1}) i where ${one};
insert into releases select gen_random_uuid(), a.id, r.version, r.status, r.description, r.actor, r.cause, r.image_id,
  r.inherits_image, r.config_id, null, r.runs_command, now(), now()
  from apps t join release_heads h on h.app_id = t.id join releases r on r.id = h.current_release_id, apps a
  where ${one} and ${copies};
insert into release_heads select a.id, h.next_version, r.id, h.config_id, null
  from apps t join release_heads h on h.app_id = t.id, apps a join releases r on r.app_id = a.id
  where ${one} and ${copies};
insert into formation select gen_random_uuid(), a.id, f.type, case f.type when 'worker' then ${workers} else 0 end, f.size,
  f.command, now(), now() from apps t join formation f on f.app_id = t.id, apps a where ${one} and ${copies};
commit;
`;
}
