// @generated made by contract/generate.ts from contract/description and contract/supplement

/** The route takes no body; an empty object is fine. */
export type NoBody = Readonly<Record<string, never>>;

export interface RequestBodies {
  readonly "DELETE /account": NoBody;
  readonly "DELETE /account/app-transfers/{app_transfer}": NoBody;
  readonly "DELETE /account/keys/{key}": NoBody;
  readonly "DELETE /addon-attachments/{add_on_attachment}": NoBody;
  readonly "DELETE /addons/{add_on}/webhooks/{app_webhook}": NoBody;
  readonly "DELETE /apps/{app}": NoBody;
  readonly "DELETE /apps/{app}/acm": NoBody;
  readonly "DELETE /apps/{app}/addons/{add_on}": {
    readonly confirm?: string | null;
    readonly force?: boolean | null;
  };
  readonly "DELETE /apps/{app}/build-cache": NoBody;
  readonly "DELETE /apps/{app}/builds/{build}": NoBody;
  readonly "DELETE /apps/{app}/collaborators/{collaborator}": NoBody;
  readonly "DELETE /apps/{app}/domains/{domain}": NoBody;
  readonly "DELETE /apps/{app}/dynos": NoBody;
  readonly "DELETE /apps/{app}/dynos/{dyno}": NoBody;
  readonly "DELETE /apps/{app}/formations/{formation_type}": NoBody;
  readonly "DELETE /apps/{app}/log-drains/{log_drain}": NoBody;
  readonly "DELETE /apps/{app}/sni-endpoints/{sni_endpoint}": NoBody;
  readonly "DELETE /apps/{app}/webhooks/{app_webhook}": NoBody;
  readonly "DELETE /enterprise-accounts/{enterprise_account}/members/{enterprise_account_member}": NoBody;
  readonly "DELETE /identity-providers/{identity_provider}/certificates/{certificate}": NoBody;
  readonly "DELETE /oauth/authorizations/{oauth_authorization}": NoBody;
  readonly "DELETE /oauth/clients/{oauth_client}": NoBody;
  readonly "DELETE /oauth/sessions/{session}": NoBody;
  readonly "DELETE /oauth/tokens/{oauth_token}": NoBody;
  readonly "DELETE /pipeline-couplings/{pipeline_coupling}": NoBody;
  readonly "DELETE /pipelines/{pipeline}": Readonly<Record<string, unknown>>;
  readonly "DELETE /pipelines/{pipeline}/review-app-config": {
    readonly automatic_review_apps?: boolean | null;
    readonly destroy_stale_apps?: boolean | null;
    readonly pipeline?: string | null;
    readonly repo?: string | null;
    readonly wait_for_ci?: boolean | null;
  };
  readonly "DELETE /review-apps/{review_app}": NoBody;
  readonly "DELETE /spaces/{space}": NoBody;
  readonly "DELETE /spaces/{space}/peerings/{pcx_id}": NoBody;
  readonly "DELETE /spaces/{space}/vpn-connections/{vpn_connection}": NoBody;
  readonly "DELETE /teams/apps/{app}/collaborators/{collaborator}": NoBody;
  readonly "DELETE /teams/{team}": NoBody;
  readonly "DELETE /teams/{team}/allowed-addon-services/{allowed_add_on_service}": NoBody;
  readonly "DELETE /teams/{team}/identity-providers/{identity_provider}": NoBody;
  readonly "DELETE /teams/{team}/invitations/{team_invitation}": NoBody;
  readonly "DELETE /teams/{team}/members/{team_member}": NoBody;
  readonly "DELETE /telemetry-drains/{telemetry_drain}": NoBody;
  readonly "DELETE /users/{account}": NoBody;
  readonly "GET /account": NoBody;
  readonly "GET /account/app-transfers": NoBody;
  readonly "GET /account/app-transfers/{app_transfer}": NoBody;
  readonly "GET /account/credits": NoBody;
  readonly "GET /account/credits/{credit}": NoBody;
  readonly "GET /account/delinquency": NoBody;
  readonly "GET /account/features": NoBody;
  readonly "GET /account/features/{account_feature}": NoBody;
  readonly "GET /account/invoice-address": NoBody;
  readonly "GET /account/invoices": NoBody;
  readonly "GET /account/invoices/{invoice}": NoBody;
  readonly "GET /account/keys": NoBody;
  readonly "GET /account/keys/{key}": NoBody;
  readonly "GET /account/payment-method": NoBody;
  readonly "GET /account/payment-method/apps": NoBody;
  readonly "GET /account/rate-limits": NoBody;
  readonly "GET /accounts/{account}/actions/get-quota": NoBody;
  readonly "GET /addon-attachments": NoBody;
  readonly "GET /addon-attachments/{add_on_attachment}": NoBody;
  readonly "GET /addon-attachments/{add_on_attachment}/telemetry-ingress-info": NoBody;
  readonly "GET /addon-region-capabilities": NoBody;
  readonly "GET /addon-services": NoBody;
  readonly "GET /addon-services/{add_on_service}": NoBody;
  readonly "GET /addon-services/{add_on_service}/plans": NoBody;
  readonly "GET /addon-services/{add_on_service}/plans/{plan}": NoBody;
  readonly "GET /addon-services/{add_on_service}/region-capabilities": NoBody;
  readonly "GET /addons": NoBody;
  readonly "GET /addons/{add_on}": NoBody;
  readonly "GET /addons/{add_on}/addon-attachments": NoBody;
  readonly "GET /addons/{add_on}/config": NoBody;
  readonly "GET /addons/{add_on}/config/{credential}": NoBody;
  readonly "GET /addons/{add_on}/log-drains": NoBody;
  readonly "GET /addons/{add_on}/sso": NoBody;
  readonly "GET /addons/{add_on}/webhook-deliveries": NoBody;
  readonly "GET /addons/{add_on}/webhook-deliveries/{app_webhook_delivery}": NoBody;
  readonly "GET /addons/{add_on}/webhook-events": NoBody;
  readonly "GET /addons/{add_on}/webhook-events/{app_webhook_event}": NoBody;
  readonly "GET /addons/{add_on}/webhooks": NoBody;
  readonly "GET /addons/{add_on}/webhooks/{app_webhook}": NoBody;
  readonly "GET /advisories/{advisory}/releases": NoBody;
  readonly "GET /app-setups/{app_setup}": NoBody;
  readonly "GET /apps": NoBody;
  readonly "GET /apps/{app}": NoBody;
  readonly "GET /apps/{app}/addon-attachments": NoBody;
  readonly "GET /apps/{app}/addon-attachments/{add_on_attachment}": NoBody;
  readonly "GET /apps/{app}/addons": NoBody;
  readonly "GET /apps/{app}/addons/{add_on}": NoBody;
  readonly "GET /apps/{app}/addons/{add_on}/sso": NoBody;
  readonly "GET /apps/{app}/available-dyno-sizes": NoBody;
  readonly "GET /apps/{app}/available-stacks": NoBody;
  readonly "GET /apps/{app}/build-metadata": NoBody;
  readonly "GET /apps/{app}/buildpack-installations": NoBody;
  readonly "GET /apps/{app}/builds": NoBody;
  readonly "GET /apps/{app}/builds/{build}": NoBody;
  readonly "GET /apps/{app}/collaborators": NoBody;
  readonly "GET /apps/{app}/collaborators/{collaborator}": NoBody;
  readonly "GET /apps/{app}/config-vars": NoBody;
  readonly "GET /apps/{app}/config-vars-settings": NoBody;
  readonly "GET /apps/{app}/domains": NoBody;
  readonly "GET /apps/{app}/domains/{domain}": NoBody;
  readonly "GET /apps/{app}/dynos": NoBody;
  readonly "GET /apps/{app}/dynos/{dyno}": NoBody;
  readonly "GET /apps/{app}/features": NoBody;
  readonly "GET /apps/{app}/features/{app_feature}": NoBody;
  readonly "GET /apps/{app}/formation": NoBody;
  readonly "GET /apps/{app}/formation/{formation}": NoBody;
  readonly "GET /apps/{app}/log-drains": NoBody;
  readonly "GET /apps/{app}/log-drains/{log_drain}": NoBody;
  readonly "GET /apps/{app}/oci-images/{oci_image}": NoBody;
  readonly "GET /apps/{app}/pipeline-couplings": NoBody;
  readonly "GET /apps/{app}/releases": NoBody;
  readonly "GET /apps/{app}/releases/{release}": NoBody;
  readonly "GET /apps/{app}/releases/{release}/advisories": NoBody;
  readonly "GET /apps/{app}/releases/{release}/attestations": NoBody;
  readonly "GET /apps/{app}/releases/{release}/attestations/{attestation}": NoBody;
  readonly "GET /apps/{app}/releases/{release}/config-vars": NoBody;
  readonly "GET /apps/{app}/review-app": NoBody;
  readonly "GET /apps/{app}/slugs/{slug}": NoBody;
  readonly "GET /apps/{app}/sni-endpoints": NoBody;
  readonly "GET /apps/{app}/sni-endpoints/{sni_endpoint}": NoBody;
  readonly "GET /apps/{app}/telemetry-drains": NoBody;
  readonly "GET /apps/{app}/usage": NoBody;
  readonly "GET /apps/{app}/webhook-deliveries": NoBody;
  readonly "GET /apps/{app}/webhook-deliveries/{app_webhook_delivery}": NoBody;
  readonly "GET /apps/{app}/webhook-events": NoBody;
  readonly "GET /apps/{app}/webhook-events/{app_webhook_event}": NoBody;
  readonly "GET /apps/{app}/webhooks": NoBody;
  readonly "GET /apps/{app}/webhooks/{app_webhook}": NoBody;
  readonly "GET /dyno-sizes": NoBody;
  readonly "GET /dyno-sizes/{dyno_size}": NoBody;
  readonly "GET /enterprise-accounts": NoBody;
  readonly "GET /enterprise-accounts/{enterprise_account}": NoBody;
  readonly "GET /enterprise-accounts/{enterprise_account}/archives": NoBody;
  readonly "GET /enterprise-accounts/{enterprise_account}/archives/{year}/{month}": NoBody;
  readonly "GET /enterprise-accounts/{enterprise_account}/events": NoBody;
  readonly "GET /enterprise-accounts/{enterprise_account}/members": NoBody;
  readonly "GET /enterprise-accounts/{enterprise_account}/teams": NoBody;
  readonly "GET /enterprise-accounts/{enterprise_account}/usage/daily": {
    readonly end?: string;
    readonly start: string;
  };
  readonly "GET /enterprise-accounts/{enterprise_account}/usage/monthly": {
    readonly end?: string;
    readonly start: string;
  };
  readonly "GET /generations": NoBody;
  readonly "GET /generations/{generation}": NoBody;
  readonly "GET /identity-providers/{identity_provider}": NoBody;
  readonly "GET /identity-providers/{identity_provider}/certificates/{certificate}": NoBody;
  readonly "GET /oauth/authorizations": NoBody;
  readonly "GET /oauth/authorizations/{oauth_authorization}": NoBody;
  readonly "GET /oauth/clients": NoBody;
  readonly "GET /oauth/clients/{oauth_client}": NoBody;
  readonly "GET /oauth/sessions": NoBody;
  readonly "GET /pipeline-couplings": NoBody;
  readonly "GET /pipeline-couplings/{pipeline_coupling}": NoBody;
  readonly "GET /pipeline-promotions/{pipeline_promotion}": NoBody;
  readonly "GET /pipeline-promotions/{pipeline_promotion}/promotion-targets": NoBody;
  readonly "GET /pipelines": NoBody;
  readonly "GET /pipelines/{pipeline}": NoBody;
  readonly "GET /pipelines/{pipeline}/latest-builds": NoBody;
  readonly "GET /pipelines/{pipeline}/latest-deployments": NoBody;
  readonly "GET /pipelines/{pipeline}/latest-releases": NoBody;
  readonly "GET /pipelines/{pipeline}/pipeline-couplings": NoBody;
  readonly "GET /pipelines/{pipeline}/pipeline-stack": NoBody;
  readonly "GET /pipelines/{pipeline}/repo": NoBody;
  readonly "GET /pipelines/{pipeline}/repo/branches/{branch}": NoBody;
  readonly "GET /pipelines/{pipeline}/review-app-config": NoBody;
  readonly "GET /pipelines/{pipeline}/review-apps": NoBody;
  readonly "GET /pipelines/{pipeline}/stage/{stage}/config-vars": NoBody;
  readonly "GET /pipelines/{pipeline}/test-runs": NoBody;
  readonly "GET /pipelines/{pipeline}/test-runs/{test_run}": NoBody;
  readonly "GET /pipelines/{pipeline}/webhooks": NoBody;
  readonly "GET /plans/{plan}": NoBody;
  readonly "GET /plans/{plan}/meters": NoBody;
  readonly "GET /plans/{plan}/meters/{plan_meter}": NoBody;
  readonly "GET /regions": NoBody;
  readonly "GET /regions/{region}": NoBody;
  readonly "GET /regions/{region}/addon-region-capabilities": NoBody;
  readonly "GET /resource/{resource_id}/usage-history": {
    readonly duration?: "P1M" | "P1W" | "P2W" | "P3D" | "P3M";
    readonly start?: string;
  };
  readonly "GET /review-apps/{review_app}": NoBody;
  readonly "GET /signing-keys": NoBody;
  readonly "GET /spaces": NoBody;
  readonly "GET /spaces/{space}": NoBody;
  readonly "GET /spaces/{space}/dynos": NoBody;
  readonly "GET /spaces/{space}/hosts": NoBody;
  readonly "GET /spaces/{space}/inbound-ruleset": NoBody;
  readonly "GET /spaces/{space}/inbound-rulesets": NoBody;
  readonly "GET /spaces/{space}/inbound-rulesets/{inbound_ruleset}": NoBody;
  readonly "GET /spaces/{space}/log-drain": NoBody;
  readonly "GET /spaces/{space}/members": NoBody;
  readonly "GET /spaces/{space}/members/{account}": NoBody;
  readonly "GET /spaces/{space}/nat": NoBody;
  readonly "GET /spaces/{space}/peering-info": NoBody;
  readonly "GET /spaces/{space}/peerings": NoBody;
  readonly "GET /spaces/{space}/peerings/{pcx_id}": NoBody;
  readonly "GET /spaces/{space}/telemetry-drains": NoBody;
  readonly "GET /spaces/{space}/topology": NoBody;
  readonly "GET /spaces/{space}/vpn-connections": NoBody;
  readonly "GET /spaces/{space}/vpn-connections/{vpn_connection}": NoBody;
  readonly "GET /stacks": NoBody;
  readonly "GET /stacks/{stack}": NoBody;
  readonly "GET /teams": NoBody;
  readonly "GET /teams/apps/{app}": NoBody;
  readonly "GET /teams/apps/{app}/collaborators": NoBody;
  readonly "GET /teams/apps/{app}/collaborators/{collaborator}": NoBody;
  readonly "GET /teams/invitations/{token}": NoBody;
  readonly "GET /teams/permissions": NoBody;
  readonly "GET /teams/{team}": NoBody;
  readonly "GET /teams/{team}/addons": NoBody;
  readonly "GET /teams/{team}/allowed-addon-services": NoBody;
  readonly "GET /teams/{team}/apps": NoBody;
  readonly "GET /teams/{team}/apps/{app}/usage": NoBody;
  readonly "GET /teams/{team}/available-generations": NoBody;
  readonly "GET /teams/{team}/delinquency": NoBody;
  readonly "GET /teams/{team}/features": NoBody;
  readonly "GET /teams/{team}/features/{team_feature}": NoBody;
  readonly "GET /teams/{team}/identity-providers": NoBody;
  readonly "GET /teams/{team}/invitations": NoBody;
  readonly "GET /teams/{team}/invoices": NoBody;
  readonly "GET /teams/{team}/invoices/{team_invoice}": NoBody;
  readonly "GET /teams/{team}/license-collections": NoBody;
  readonly "GET /teams/{team}/licenses": NoBody;
  readonly "GET /teams/{team}/members": NoBody;
  readonly "GET /teams/{team}/members/{team_member}/apps": NoBody;
  readonly "GET /teams/{team}/oauth/authorizations": NoBody;
  readonly "GET /teams/{team}/permissions": NoBody;
  readonly "GET /teams/{team}/pipeline-couplings": NoBody;
  readonly "GET /teams/{team}/preferences": NoBody;
  readonly "GET /teams/{team}/spaces": NoBody;
  readonly "GET /teams/{team}/usage": NoBody;
  readonly "GET /teams/{team}/usage/daily": {
    readonly end?: string;
    readonly start: string;
  };
  readonly "GET /teams/{team}/usage/monthly": {
    readonly end?: string;
    readonly start: string;
  };
  readonly "GET /telemetry-drains/{telemetry_drain}": NoBody;
  readonly "GET /test-runs/{test_run}": NoBody;
  readonly "GET /test-runs/{test_run}/test-cases": NoBody;
  readonly "GET /test-runs/{test_run}/test-nodes": NoBody;
  readonly "GET /users/{account}": NoBody;
  readonly "GET /users/{account}/addons": NoBody;
  readonly "GET /users/{account}/apps": NoBody;
  readonly "GET /users/{account}/preferences": NoBody;
  readonly "GET /users/{account}/sms-number": NoBody;
  readonly "GET /users/~/pipeline-couplings": NoBody;
  readonly "PATCH /account": {
    readonly allow_tracking?: boolean;
    readonly beta?: boolean;
    readonly eco_dynos_enabled?: boolean;
    readonly email?: string;
    readonly name?: string | null;
    readonly new_password?: string;
    readonly password?: string;
    readonly pipeline_cost_consent?: boolean;
  };
  readonly "PATCH /account/app-transfers/{app_transfer}": {
    readonly state: "accepted" | "declined" | "pending";
  };
  readonly "PATCH /account/features/{account_feature}": {
    readonly enabled: boolean;
  };
  readonly "PATCH /account/payment-method": {
    readonly address_1?: string | null;
    readonly address_2?: string;
    readonly card_number?: string | null;
    readonly city?: string;
    readonly country?: string;
    readonly cvv?: string | null;
    readonly device_data?: string;
    readonly expiration_month?: string | null;
    readonly expiration_year?: string | null;
    readonly first_name?: string;
    readonly last_name?: string;
    readonly nonce?: string | null;
    readonly other?: string | null;
    readonly postal_code?: string;
    readonly state?: string;
  };
  readonly "PATCH /addons/{add_on}/config": {
    readonly config?: ReadonlyArray<{
      readonly name?: string;
      readonly value?: string | null;
    }>;
  };
  readonly "PATCH /addons/{add_on}/webhooks/{app_webhook}": {
    readonly authorization?: string | null;
    readonly include?: ReadonlyArray<string>;
    readonly level?: "notify" | "sync";
    readonly secret?: string | null;
    readonly url?: string;
  };
  readonly "PATCH /apps/{app}": {
    readonly build_stack?: string | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly maintenance?: boolean;
    readonly name?: string;
  };
  readonly "PATCH /apps/{app}/acm": {
    readonly acm_refresh?: boolean;
  };
  readonly "PATCH /apps/{app}/addons/{add_on}": {
    readonly name?: string | null;
    readonly plan?: string | {
      readonly id?: string;
      readonly name?: string;
    };
  };
  readonly "PATCH /apps/{app}/config-vars": Readonly<Record<string, string | null>>;
  readonly "PATCH /apps/{app}/config-vars-settings": {
    readonly config?: ReadonlyArray<{
      readonly key?: string;
      readonly masked?: boolean;
      readonly value?: string | null;
    }>;
  };
  readonly "PATCH /apps/{app}/domains/{domain}": {
    readonly sni_endpoint: string | null;
  };
  readonly "PATCH /apps/{app}/features/{app_feature}": {
    readonly enabled: boolean;
  };
  readonly "PATCH /apps/{app}/formation": {
    readonly updates: ReadonlyArray<{
      readonly docker_image?: string | null;
      readonly dyno_size?: string | {
        readonly id?: string;
        readonly name?: string;
      };
      readonly quantity?: number | string;
      readonly size?: string | null;
      readonly type: string;
    }>;
  };
  readonly "PATCH /apps/{app}/formation/{formation}": {
    readonly docker_image?: string | null;
    readonly dyno_size?: string | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly quantity?: number | string;
    readonly size?: string | null;
  };
  readonly "PATCH /apps/{app}/sni-endpoints/{sni_endpoint}": {
    readonly certificate_chain: string;
    readonly private_key: string;
  };
  readonly "PATCH /apps/{app}/webhooks/{app_webhook}": {
    readonly authorization?: string | null;
    readonly include?: ReadonlyArray<string>;
    readonly level?: "notify" | "sync";
    readonly secret?: string | null;
    readonly url?: string;
  };
  readonly "PATCH /enterprise-accounts/{enterprise_account}": {
    readonly name?: string;
  };
  readonly "PATCH /enterprise-accounts/{enterprise_account}/members/{enterprise_account_member}": {
    readonly permissions: ReadonlyArray<"billing" | "create" | "manage" | "view">;
  };
  readonly "PATCH /identity-providers/{identity_provider}": {
    readonly certificates?: ReadonlyArray<{
      readonly id: string;
      readonly name: string | null;
    } | {
      readonly body: string;
      readonly name?: string | null;
    }>;
    readonly enabled?: boolean;
    readonly entity_id?: string;
    readonly slo_target_url?: string;
    readonly sso_target_url?: string;
  };
  readonly "PATCH /identity-providers/{identity_provider}/certificates/{certificate}": {
    readonly name?: string | null;
  };
  readonly "PATCH /oauth/authorizations/{oauth_authorization}": {
    readonly client?: {
      readonly id?: string;
      readonly secret?: string;
    };
    readonly description?: string;
  };
  readonly "PATCH /oauth/clients/{oauth_client}": {
    readonly name?: string;
    readonly redirect_uri?: string;
  };
  readonly "PATCH /pipeline-couplings/{pipeline_coupling}": {
    readonly stage?: "development" | "production" | "review" | "staging" | "test";
  };
  readonly "PATCH /pipelines/{pipeline}": {
    readonly name?: string;
  };
  readonly "PATCH /pipelines/{pipeline}/review-app-config": {
    readonly automatic_review_apps?: boolean;
    readonly base_name?: string | null;
    readonly deploy_target?: {
      readonly id: string;
      readonly type: string;
    } | null;
    readonly destroy_stale_apps?: boolean;
    readonly pipeline?: string | null;
    readonly repo?: string | null;
    readonly stale_days?: number;
    readonly wait_for_ci?: boolean;
  };
  readonly "PATCH /pipelines/{pipeline}/stage/{stage}/config-vars": Readonly<Record<string, string | null>>;
  readonly "PATCH /spaces/{space}": {
    readonly name?: string;
  };
  readonly "PATCH /spaces/{space}/members/{account}": {
    readonly permissions: ReadonlyArray<{
      readonly name?: string;
    }>;
  };
  readonly "PATCH /spaces/{space}/vpn-connections/{vpn_connection}": {
    readonly routable_cidrs: ReadonlyArray<string>;
  };
  readonly "PATCH /teams/apps/{app}": {
    readonly locked: boolean;
  } | {
    readonly owner: string;
  };
  readonly "PATCH /teams/apps/{app}/collaborators/{collaborator}": {
    readonly permissions: ReadonlyArray<string>;
  };
  readonly "PATCH /teams/{team}": {
    readonly default?: boolean;
    readonly name?: string;
  };
  readonly "PATCH /teams/{team}/identity-providers/{identity_provider}": {
    readonly certificate?: string;
    readonly entity_id?: string;
    readonly slo_target_url?: string;
    readonly sso_target_url?: string;
  };
  readonly "PATCH /teams/{team}/members": {
    readonly email: string;
    readonly federated?: boolean;
    readonly role: "admin" | "collaborator" | "member" | "owner" | "viewer";
  };
  readonly "PATCH /teams/{team}/preferences": {
    readonly "addons-controls"?: boolean | null;
  };
  readonly "PATCH /telemetry-drains/{telemetry_drain}": {
    readonly exporter?: {
      readonly endpoint: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly type: "otlp" | "otlphttp" | "splunk";
    };
    readonly signals?: ReadonlyArray<"logs" | "metrics" | "traces">;
  };
  readonly "PATCH /test-runs/{test_run}": {
    readonly message: string | null;
    readonly status: "building" | "cancelled" | "creating" | "debugging" | "errored" | "failed" | "pending" | "running" | "succeeded";
  };
  readonly "PATCH /users/{account}": {
    readonly allow_tracking?: boolean;
    readonly beta?: boolean;
    readonly eco_dynos_enabled?: boolean;
    readonly email?: string;
    readonly name?: string | null;
    readonly new_password?: string;
    readonly password?: string;
    readonly pipeline_cost_consent?: boolean;
  };
  readonly "PATCH /users/{account}/preferences": {
    readonly "default-organization"?: string | null;
    readonly "dismissed-getting-started"?: boolean | null;
    readonly "dismissed-github-banner"?: boolean | null;
    readonly "dismissed-org-access-controls"?: boolean | null;
    readonly "dismissed-org-wizard-notification"?: boolean | null;
    readonly "dismissed-pipelines-banner"?: boolean | null;
    readonly "dismissed-pipelines-github-banner"?: boolean | null;
    readonly "dismissed-pipelines-github-banners"?: ReadonlyArray<string> | null;
    readonly "dismissed-sms-banner"?: boolean | null;
    readonly timezone?: string | null;
  };
  readonly "POST /account/app-transfers": {
    readonly app: string;
    readonly recipient: string;
    readonly silent?: boolean;
  };
  readonly "POST /account/credits": {
    readonly code1?: string;
    readonly code2?: string;
  };
  readonly "POST /account/keys": {
    readonly public_key: string;
  };
  readonly "POST /account/payments": {
    readonly amount: number;
    readonly invoice_id: number;
    readonly uuid: string;
  };
  readonly "POST /actions/addon-attachments/resolve": {
    readonly addon_attachment: string;
    readonly addon_service?: string | null;
    readonly app?: string | null;
  };
  readonly "POST /actions/addons/resolve": {
    readonly addon: string;
    readonly addon_service?: string | null;
    readonly app?: string | null;
  };
  readonly "POST /addon-attachments": {
    readonly addon: string | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly app: string | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly confirm?: string | null;
    readonly name?: string | null;
    readonly namespace?: string | null;
    readonly namespace_config?: Readonly<Record<string, string | number | boolean | null>> | null;
  };
  readonly "POST /addons/{add_on}/actions/deprovision": NoBody;
  readonly "POST /addons/{add_on}/actions/peer": {
    readonly pcx_id: string;
  };
  readonly "POST /addons/{add_on}/actions/provision": NoBody;
  readonly "POST /addons/{add_on}/actions/unpeer": Readonly<Record<string, unknown>>;
  readonly "POST /addons/{add_on}/webhooks": {
    readonly authorization?: string | null;
    readonly include: ReadonlyArray<string>;
    readonly level: "notify" | "sync";
    readonly secret?: string | null;
    readonly url: string;
  };
  readonly "POST /app-setups": {
    readonly app?: {
      readonly locked?: boolean | null;
      readonly name?: string | null;
      readonly organization?: string | null;
      readonly personal?: boolean | null;
      readonly region?: string | null;
      readonly space?: string | null;
      readonly stack?: string | null;
    };
    readonly overrides?: {
      readonly buildpacks?: ReadonlyArray<{
        readonly url?: string;
      }>;
      readonly env?: Readonly<Record<string, string>>;
    };
    readonly pipeline_coupling?: {
      readonly pipeline?: string;
      readonly stage?: "development" | "production" | "review" | "staging" | "test";
    };
    readonly source_blob: {
      readonly checksum?: string | null;
      readonly url?: string;
      readonly version?: string | null;
    };
  };
  readonly "POST /apps": {
    readonly feature_flags?: string | null | ReadonlyArray<string>;
    readonly internal_routing?: boolean | null;
    readonly kernel?: string | null;
    readonly locked?: boolean | null;
    readonly name?: string | null;
    readonly organization?: string | null | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly personal?: boolean | null;
    readonly region?: string | null | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly space?: string | null | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly stack?: string | null | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly team?: string | null | {
      readonly id?: string;
      readonly name?: string;
    };
  };
  readonly "POST /apps/{app}/acm": NoBody;
  readonly "POST /apps/{app}/addons": {
    readonly attachment?: {
      readonly name?: string | null;
    } | null;
    readonly config?: Readonly<Record<string, string | number | boolean | null>>;
    readonly confirm?: string | null;
    readonly name?: string | null;
    readonly plan: string | {
      readonly id?: string;
      readonly name?: string;
    };
  };
  readonly "POST /apps/{app}/builds": {
    readonly buildpacks?: ReadonlyArray<{
      readonly name?: string;
      readonly url?: string;
    }> | null;
    readonly source_blob: {
      readonly checksum?: string | null;
      readonly url: string;
      readonly version?: string | null;
      readonly version_description?: string | null;
    };
  };
  readonly "POST /apps/{app}/collaborators": {
    readonly silent?: boolean;
    readonly user: string | {
      readonly email?: string;
      readonly id?: string;
    };
  };
  readonly "POST /apps/{app}/domains": {
    readonly hostname: string;
    readonly sni_endpoint?: string | null;
  };
  readonly "POST /apps/{app}/dynos": {
    readonly attach?: boolean | null;
    readonly command: string;
    readonly env?: Readonly<Record<string, string | number | null>>;
    readonly force_no_tty?: boolean | null;
    readonly size?: string | null;
    readonly time_to_live?: number | null;
    readonly type?: string | null;
  };
  readonly "POST /apps/{app}/dynos/{dyno}": {
    readonly command: string;
    readonly env?: Readonly<Record<string, string | number | null>>;
  };
  readonly "POST /apps/{app}/dynos/{dyno}/actions/stop": NoBody;
  readonly "POST /apps/{app}/formations/{formation_type}/actions/stop": NoBody;
  readonly "POST /apps/{app}/log-drains": {
    readonly url: string;
  };
  readonly "POST /apps/{app}/log-sessions": {
    readonly dyno?: string | null;
    readonly dyno_name?: string | null;
    readonly lines?: number | null;
    readonly source?: string | null;
    readonly tail?: boolean | null;
    readonly type?: string | null;
  };
  readonly "POST /apps/{app}/oci-images": {
    readonly architecture?: string | null;
    readonly base_image_name?: string;
    readonly base_top_layer?: string;
    readonly buildpacks?: ReadonlyArray<{
      readonly homepage?: string;
      readonly id?: string;
      readonly version?: string;
    }>;
    readonly commit?: string | null;
    readonly commit_description?: string | null;
    readonly digest?: string;
    readonly image_repo?: string;
    readonly process_types?: Readonly<Record<string, {
      readonly command?: string;
      readonly default?: boolean | null;
      readonly display_cmd?: string;
      readonly name?: string;
      readonly working_dir?: string;
    }>>;
    readonly stack?: string;
  };
  readonly "POST /apps/{app}/releases": {
    readonly description?: string | null;
    readonly oci_image?: string | null;
    readonly slug?: string | null;
  } | {
    readonly release: string | number;
  };
  readonly "POST /apps/{app}/slugs": {
    readonly buildpack_provided_description?: string | null;
    readonly checksum?: string | null;
    readonly commit?: string | null;
    readonly commit_description?: string | null;
    readonly process_types: Readonly<Record<string, string>>;
    readonly stack?: string;
  };
  readonly "POST /apps/{app}/sni-endpoints": {
    readonly certificate_chain: string;
    readonly private_key: string;
  };
  readonly "POST /apps/{app}/sources": NoBody;
  readonly "POST /apps/{app}/webhooks": {
    readonly authorization?: string | null;
    readonly include: ReadonlyArray<string>;
    readonly level: "notify" | "sync";
    readonly secret?: string | null;
    readonly url: string;
  };
  readonly "POST /enterprise-accounts/{enterprise_account}/members": {
    readonly federated?: boolean;
    readonly permissions: ReadonlyArray<"billing" | "create" | "manage" | "view">;
    readonly user: string;
  };
  readonly "POST /enterprise-accounts/{enterprise_account}/teams": {
    readonly name: string;
  };
  readonly "POST /filters/apps": {
    readonly in?: {
      readonly id?: ReadonlyArray<string>;
    };
  };
  readonly "POST /identity-providers": {
    readonly certificate?: string | null;
    readonly certificates?: ReadonlyArray<{
      readonly body?: string;
      readonly created_at?: string;
      readonly expires_at?: string;
      readonly id?: string;
      readonly name?: string | null;
    }>;
    readonly enabled?: boolean;
    readonly entity_id?: string;
    readonly owner: {
      readonly id: string;
      readonly name?: string;
      readonly type: "enterprise-account" | "team";
    };
    readonly slo_target_url?: string;
    readonly sso_target_url?: string;
  };
  readonly "POST /identity-providers/{identity_provider}/certificates": {
    readonly body: string;
    readonly name?: string | null;
  };
  readonly "POST /identity-providers/{identity_provider}/migrate": NoBody;
  readonly "POST /oauth/authorizations": {
    readonly client?: string | null;
    readonly description?: string | null;
    readonly expires_in?: number | null | string;
    readonly scope?: ReadonlyArray<string>;
  };
  readonly "POST /oauth/authorizations/{oauth_authorization}/actions/regenerate-tokens": NoBody;
  readonly "POST /oauth/clients": {
    readonly name: string;
    readonly redirect_uri: string;
  };
  readonly "POST /oauth/clients/{oauth_client}/actions/rotate-credentials": NoBody;
  readonly "POST /oauth/tokens": {
    readonly client: {
      readonly secret?: string;
    };
    readonly grant: {
      readonly code?: string;
      readonly type?: string;
    };
    readonly refresh_token: {
      readonly token?: string;
    };
  };
  readonly "POST /password-resets": {
    readonly email: string;
  };
  readonly "POST /password-resets/{reset_password_token}/actions/finalize": {
    readonly password: string;
    readonly password_confirmation: string;
  };
  readonly "POST /pipeline-couplings": {
    readonly app: string;
    readonly pipeline: string;
    readonly stage: "development" | "production" | "review" | "staging" | "test";
  };
  readonly "POST /pipeline-promotions": {
    readonly pipeline: {
      readonly id: string;
    };
    readonly source: {
      readonly app?: {
        readonly id?: string;
      };
      readonly release?: {
        readonly id?: string;
      };
    };
    readonly targets: ReadonlyArray<{
      readonly app?: {
        readonly id?: string;
      };
    }>;
  };
  readonly "POST /pipeline-transfers": {
    readonly new_owner: {
      readonly id?: string;
      readonly type?: string;
    };
    readonly pipeline: {
      readonly id?: string;
    };
  };
  readonly "POST /pipelines": {
    readonly generation?: string | null | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly name: string;
    readonly owner?: {
      readonly id: string;
      readonly type: string;
    } | null;
  };
  readonly "POST /pipelines/{pipeline}/review-app-config": {
    readonly automatic_review_apps?: boolean;
    readonly base_name?: string | null;
    readonly deploy_target?: {
      readonly id: string;
      readonly type: string;
    } | null;
    readonly destroy_stale_apps?: boolean;
    readonly pipeline?: string | null;
    readonly repo: string;
    readonly stale_days?: number;
    readonly wait_for_ci?: boolean;
  };
  readonly "POST /review-apps": {
    readonly branch: string;
    readonly environment?: Readonly<Record<string, string | null>> | null;
    readonly fork_repo_id?: number | null;
    readonly pipeline: string;
    readonly pr_number?: number | null;
    readonly source_blob: {
      readonly url?: string;
      readonly version?: string | null;
    };
  };
  readonly "POST /sources": NoBody;
  readonly "POST /spaces": {
    readonly channel_name?: string;
    readonly cidr?: string;
    readonly data_cidr?: string;
    readonly eks_version?: string;
    readonly features?: ReadonlyArray<unknown>;
    readonly generation?: string;
    readonly kpi_url?: string | null;
    readonly log_drain_url?: string | null;
    readonly name: string;
    readonly region?: string;
    readonly shield?: boolean | null;
    readonly supported_features?: ReadonlyArray<unknown>;
    readonly team: string;
  };
  readonly "POST /spaces/{space}/peerings": {
    readonly pcx_id: string;
  };
  readonly "POST /spaces/{space}/peerings/{pcx_id}/actions/accept": NoBody;
  readonly "POST /spaces/{space}/transfer": {
    readonly new_owner: string;
  };
  readonly "POST /spaces/{space}/vpn-connections": {
    readonly name: string;
    readonly public_ip: string;
    readonly routable_cidrs: ReadonlyArray<string>;
  };
  readonly "POST /teams": {
    readonly address_1?: string;
    readonly address_2?: string | null;
    readonly card_number?: string | null;
    readonly city?: string;
    readonly country?: string;
    readonly cvv?: string | null;
    readonly device_data?: string | null;
    readonly expiration_month?: string | null;
    readonly expiration_year?: string | null;
    readonly first_name?: string;
    readonly last_name?: string;
    readonly name: string;
    readonly nonce?: string | null;
    readonly other?: string | null;
    readonly postal_code?: string;
    readonly state?: string;
  };
  readonly "POST /teams/apps": {
    readonly feature_flags?: string | null | ReadonlyArray<string>;
    readonly internal_routing?: boolean | null;
    readonly kernel?: string | null;
    readonly locked?: boolean | null;
    readonly name?: string | null;
    readonly organization?: string | null | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly personal?: boolean | null;
    readonly region?: string | null | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly space?: string | null | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly stack?: string | null | {
      readonly id?: string;
      readonly name?: string;
    };
    readonly team?: string | null | {
      readonly id?: string;
      readonly name?: string;
    };
  };
  readonly "POST /teams/apps/{app}/collaborators": {
    readonly permissions?: ReadonlyArray<string>;
    readonly silent?: boolean;
    readonly user: string;
  };
  readonly "POST /teams/invitations/{token}/accept": NoBody;
  readonly "POST /teams/{team}/allowed-addon-services": {
    readonly addon_service?: string;
  };
  readonly "POST /teams/{team}/identity-providers": {
    readonly certificate: string;
    readonly entity_id: string;
    readonly slo_target_url?: string;
    readonly sso_target_url: string;
  };
  readonly "POST /teams/{team}/members": {
    readonly email: string;
    readonly federated?: boolean;
    readonly role: "admin" | "collaborator" | "member" | "owner" | "viewer";
  };
  readonly "POST /teams/{team}/oauth/authorizations": {
    readonly description?: string;
    readonly expires_in?: number | null;
    readonly scope?: ReadonlyArray<string>;
  };
  readonly "POST /teams/{team}/payments": {
    readonly amount: number;
    readonly invoice_id: number;
    readonly uuid: string;
  };
  readonly "POST /telemetry-drains": {
    readonly exporter: {
      readonly endpoint: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly type: "otlp" | "otlphttp" | "splunk";
    };
    readonly owner: {
      readonly id: string;
      readonly type: "app" | "space";
    };
    readonly signals: ReadonlyArray<"logs" | "metrics" | "traces">;
  };
  readonly "POST /test-runs": {
    readonly clear_cache?: boolean | null;
    readonly commit_branch: string;
    readonly commit_message: string;
    readonly commit_sha: string;
    readonly debug?: boolean;
    readonly organization?: string | null;
    readonly pipeline: string;
    readonly source_blob_url: string;
  };
  readonly "POST /users/{account}/sms-number/actions/confirm": NoBody;
  readonly "POST /users/{account}/sms-number/actions/recover": NoBody;
  readonly "POST /users/~/gateway-tokens": NoBody;
  readonly "POST /users/~/gateway-tokens/oauth-authorization": NoBody;
  readonly "PUT /account/invoice-address": {
    readonly address_1?: string;
    readonly address_2?: string;
    readonly city?: string;
    readonly country?: string;
    readonly other?: string;
    readonly postal_code?: string;
    readonly state?: string;
    readonly use_invoice_address?: boolean;
  };
  readonly "PUT /addons/{add_on}/log-drains/{log_drain}": {
    readonly url: string;
  };
  readonly "PUT /apps/{app}/buildpack-installations": {
    readonly updates: ReadonlyArray<{
      readonly buildpack: string;
    }>;
  };
  readonly "PUT /apps/{app}/pre-authorizations": NoBody;
  readonly "PUT /spaces/{space}/inbound-ruleset": {
    readonly applied?: boolean | null;
    readonly created_at?: string;
    readonly created_by?: string;
    readonly id?: string;
    readonly rules?: ReadonlyArray<{
      readonly action: "allow" | "deny";
      readonly source: string;
    }>;
    readonly space?: {
      readonly id?: string;
      readonly name?: string;
    };
  };
  readonly "PUT /spaces/{space}/log-drain": {
    readonly url?: string;
  };
  readonly "PUT /teams/{team}/invitations": {
    readonly email: string;
    readonly role: "admin" | "collaborator" | "member" | "owner" | null;
  };
  readonly "PUT /teams/{team}/members": {
    readonly email: string;
    readonly federated?: boolean;
    readonly role: "admin" | "collaborator" | "member" | "owner" | "viewer";
  };
  readonly "PUT /users/~/capabilities": {
    readonly capabilities: ReadonlyArray<{
      readonly capability?: string;
      readonly resource_id?: string | null;
      readonly resource_type?: string;
    }>;
  };
}
