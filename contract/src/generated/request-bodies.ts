// @generated made by contract/generate.ts from contract/description and contract/supplement

export interface RequestBodies {
  readonly "DELETE /account": Readonly<Record<string, never>>;
  readonly "DELETE /account/app-transfers/{app_transfer}": Readonly<Record<string, never>>;
  readonly "DELETE /addon-attachments/{add_on_attachment}": Readonly<Record<string, never>>;
  readonly "DELETE /addons/{add_on}/webhooks/{app_webhook}": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}/acm": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}/addons/{add_on}": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}/build-cache": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}/builds/{build}": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}/collaborators/{collaborator}": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}/domains/{domain}": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}/dynos": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}/dynos/{dyno}": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}/formations/{formation_type}": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}/log-drains/{log_drain}": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}/sni-endpoints/{sni_endpoint}": Readonly<Record<string, never>>;
  readonly "DELETE /apps/{app}/webhooks/{app_webhook}": Readonly<Record<string, never>>;
  readonly "DELETE /enterprise-accounts/{enterprise_account}/members/{enterprise_account_member}": Readonly<Record<string, never>>;
  readonly "DELETE /identity-providers/{identity_provider}/certificates/{certificate}": Readonly<Record<string, never>>;
  readonly "DELETE /oauth/authorizations/{oauth_authorization}": Readonly<Record<string, never>>;
  readonly "DELETE /oauth/clients/{oauth_client}": Readonly<Record<string, never>>;
  readonly "DELETE /oauth/tokens/{oauth_token}": Readonly<Record<string, never>>;
  readonly "DELETE /pipeline-couplings/{pipeline_coupling}": Readonly<Record<string, never>>;
  readonly "DELETE /pipelines/{pipeline}": Readonly<Record<string, never>>;
  readonly "DELETE /pipelines/{pipeline}/review-app-config": Readonly<Record<string, never>>;
  readonly "DELETE /review-apps/{review_app}": Readonly<Record<string, never>>;
  readonly "DELETE /spaces/{space}": Readonly<Record<string, never>>;
  readonly "DELETE /spaces/{space}/peerings/{pcx_id}": Readonly<Record<string, never>>;
  readonly "DELETE /spaces/{space}/vpn-connections/{vpn_connection}": Readonly<Record<string, never>>;
  readonly "DELETE /teams/apps/{app}/collaborators/{collaborator}": Readonly<Record<string, never>>;
  readonly "DELETE /teams/{team}": Readonly<Record<string, never>>;
  readonly "DELETE /teams/{team}/allowed-addon-services/{allowed_add_on_service}": Readonly<Record<string, never>>;
  readonly "DELETE /teams/{team}/identity-providers/{identity_provider}": Readonly<Record<string, never>>;
  readonly "DELETE /teams/{team}/invitations/{team_invitation}": Readonly<Record<string, never>>;
  readonly "DELETE /teams/{team}/members/{team_member}": Readonly<Record<string, never>>;
  readonly "DELETE /telemetry-drains/{telemetry_drain}": Readonly<Record<string, never>>;
  readonly "DELETE /users/{account}": Readonly<Record<string, never>>;
  readonly "GET /account": Readonly<Record<string, never>>;
  readonly "GET /account/app-transfers": Readonly<Record<string, never>>;
  readonly "GET /account/app-transfers/{app_transfer}": Readonly<Record<string, never>>;
  readonly "GET /account/credits": Readonly<Record<string, never>>;
  readonly "GET /account/credits/{credit}": Readonly<Record<string, never>>;
  readonly "GET /account/delinquency": Readonly<Record<string, never>>;
  readonly "GET /account/features": Readonly<Record<string, never>>;
  readonly "GET /account/features/{account_feature}": Readonly<Record<string, never>>;
  readonly "GET /account/invoice-address": Readonly<Record<string, never>>;
  readonly "GET /account/invoices": Readonly<Record<string, never>>;
  readonly "GET /account/invoices/{invoice}": Readonly<Record<string, never>>;
  readonly "GET /account/keys": Readonly<Record<string, never>>;
  readonly "GET /account/keys/{key}": Readonly<Record<string, never>>;
  readonly "GET /account/payment-method": Readonly<Record<string, never>>;
  readonly "GET /account/payment-method/apps": Readonly<Record<string, never>>;
  readonly "GET /account/rate-limits": Readonly<Record<string, never>>;
  readonly "GET /addon-attachments": Readonly<Record<string, never>>;
  readonly "GET /addon-attachments/{add_on_attachment}": Readonly<Record<string, never>>;
  readonly "GET /addon-attachments/{add_on_attachment}/telemetry-ingress-info": Readonly<Record<string, never>>;
  readonly "GET /addon-region-capabilities": Readonly<Record<string, never>>;
  readonly "GET /addon-services": Readonly<Record<string, never>>;
  readonly "GET /addon-services/{add_on_service}": Readonly<Record<string, never>>;
  readonly "GET /addon-services/{add_on_service}/plans": Readonly<Record<string, never>>;
  readonly "GET /addon-services/{add_on_service}/plans/{plan}": Readonly<Record<string, never>>;
  readonly "GET /addon-services/{add_on_service}/region-capabilities": Readonly<Record<string, never>>;
  readonly "GET /addons": Readonly<Record<string, never>>;
  readonly "GET /addons/{add_on}": Readonly<Record<string, never>>;
  readonly "GET /addons/{add_on}/addon-attachments": Readonly<Record<string, never>>;
  readonly "GET /addons/{add_on}/config": Readonly<Record<string, never>>;
  readonly "GET /addons/{add_on}/log-drains": Readonly<Record<string, never>>;
  readonly "GET /addons/{add_on}/sso": Readonly<Record<string, never>>;
  readonly "GET /addons/{add_on}/webhook-deliveries": Readonly<Record<string, never>>;
  readonly "GET /addons/{add_on}/webhook-deliveries/{app_webhook_delivery}": Readonly<Record<string, never>>;
  readonly "GET /addons/{add_on}/webhook-events": Readonly<Record<string, never>>;
  readonly "GET /addons/{add_on}/webhook-events/{app_webhook_event}": Readonly<Record<string, never>>;
  readonly "GET /addons/{add_on}/webhooks": Readonly<Record<string, never>>;
  readonly "GET /addons/{add_on}/webhooks/{app_webhook}": Readonly<Record<string, never>>;
  readonly "GET /app-setups/{app_setup}": Readonly<Record<string, never>>;
  readonly "GET /apps": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/addon-attachments": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/addon-attachments/{add_on_attachment}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/addons": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/addons/{add_on}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/addons/{add_on}/sso": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/available-dyno-sizes": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/available-stacks": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/build-metadata": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/buildpack-installations": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/builds": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/builds/{build}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/collaborators": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/collaborators/{collaborator}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/config-vars": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/config-vars-settings": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/domains": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/domains/{domain}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/dynos": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/dynos/{dyno}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/features": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/features/{app_feature}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/formation": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/formation/{formation}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/log-drains": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/log-drains/{log_drain}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/oci-images/{oci_image}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/pipeline-couplings": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/releases": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/releases/{release}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/releases/{release}/config-vars": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/review-app": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/slugs/{slug}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/sni-endpoints": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/sni-endpoints/{sni_endpoint}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/telemetry-drains": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/usage": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/webhook-deliveries": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/webhook-deliveries/{app_webhook_delivery}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/webhook-events": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/webhook-events/{app_webhook_event}": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/webhooks": Readonly<Record<string, never>>;
  readonly "GET /apps/{app}/webhooks/{app_webhook}": Readonly<Record<string, never>>;
  readonly "GET /dyno-sizes": Readonly<Record<string, never>>;
  readonly "GET /dyno-sizes/{dyno_size}": Readonly<Record<string, never>>;
  readonly "GET /enterprise-accounts": Readonly<Record<string, never>>;
  readonly "GET /enterprise-accounts/{enterprise_account}": Readonly<Record<string, never>>;
  readonly "GET /enterprise-accounts/{enterprise_account}/archives": Readonly<Record<string, never>>;
  readonly "GET /enterprise-accounts/{enterprise_account}/archives/{year}/{month}": Readonly<Record<string, never>>;
  readonly "GET /enterprise-accounts/{enterprise_account}/events": Readonly<Record<string, never>>;
  readonly "GET /enterprise-accounts/{enterprise_account}/members": Readonly<Record<string, never>>;
  readonly "GET /enterprise-accounts/{enterprise_account}/teams": Readonly<Record<string, never>>;
  readonly "GET /enterprise-accounts/{enterprise_account}/usage/daily": {
    readonly end?: string;
    readonly start: string;
  };
  readonly "GET /enterprise-accounts/{enterprise_account}/usage/monthly": {
    readonly end?: string;
    readonly start: string;
  };
  readonly "GET /generations": Readonly<Record<string, never>>;
  readonly "GET /generations/{generation}": Readonly<Record<string, never>>;
  readonly "GET /identity-providers/{identity_provider}": Readonly<Record<string, never>>;
  readonly "GET /identity-providers/{identity_provider}/certificates/{certificate}": Readonly<Record<string, never>>;
  readonly "GET /oauth/authorizations": Readonly<Record<string, never>>;
  readonly "GET /oauth/authorizations/{oauth_authorization}": Readonly<Record<string, never>>;
  readonly "GET /oauth/clients": Readonly<Record<string, never>>;
  readonly "GET /oauth/clients/{oauth_client}": Readonly<Record<string, never>>;
  readonly "GET /pipeline-couplings": Readonly<Record<string, never>>;
  readonly "GET /pipeline-couplings/{pipeline_coupling}": Readonly<Record<string, never>>;
  readonly "GET /pipeline-promotions/{pipeline_promotion}": Readonly<Record<string, never>>;
  readonly "GET /pipeline-promotions/{pipeline_promotion}/promotion-targets": Readonly<Record<string, never>>;
  readonly "GET /pipelines": Readonly<Record<string, never>>;
  readonly "GET /pipelines/{pipeline}": Readonly<Record<string, never>>;
  readonly "GET /pipelines/{pipeline}/latest-builds": Readonly<Record<string, never>>;
  readonly "GET /pipelines/{pipeline}/latest-deployments": Readonly<Record<string, never>>;
  readonly "GET /pipelines/{pipeline}/latest-releases": Readonly<Record<string, never>>;
  readonly "GET /pipelines/{pipeline}/pipeline-couplings": Readonly<Record<string, never>>;
  readonly "GET /pipelines/{pipeline}/pipeline-stack": Readonly<Record<string, never>>;
  readonly "GET /pipelines/{pipeline}/review-app-config": Readonly<Record<string, never>>;
  readonly "GET /pipelines/{pipeline}/review-apps": Readonly<Record<string, never>>;
  readonly "GET /pipelines/{pipeline}/stage/{stage}/config-vars": Readonly<Record<string, never>>;
  readonly "GET /pipelines/{pipeline}/test-runs": Readonly<Record<string, never>>;
  readonly "GET /pipelines/{pipeline}/test-runs/{test_run}": Readonly<Record<string, never>>;
  readonly "GET /plans/{plan}": Readonly<Record<string, never>>;
  readonly "GET /plans/{plan}/meters": Readonly<Record<string, never>>;
  readonly "GET /plans/{plan}/meters/{plan_meter}": Readonly<Record<string, never>>;
  readonly "GET /regions": Readonly<Record<string, never>>;
  readonly "GET /regions/{region}": Readonly<Record<string, never>>;
  readonly "GET /regions/{region}/addon-region-capabilities": Readonly<Record<string, never>>;
  readonly "GET /resource/{resource_id}/usage-history": {
    readonly duration?: "P1M" | "P1W" | "P2W" | "P3D" | "P3M";
    readonly start?: string;
  };
  readonly "GET /review-apps/{review_app}": Readonly<Record<string, never>>;
  readonly "GET /spaces": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/hosts": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/inbound-ruleset": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/inbound-rulesets": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/inbound-rulesets/{inbound_ruleset}": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/log-drain": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/members": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/members/{account}": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/nat": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/peering-info": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/peerings": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/peerings/{pcx_id}": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/telemetry-drains": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/topology": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/vpn-connections": Readonly<Record<string, never>>;
  readonly "GET /spaces/{space}/vpn-connections/{vpn_connection}": Readonly<Record<string, never>>;
  readonly "GET /stacks": Readonly<Record<string, never>>;
  readonly "GET /stacks/{stack}": Readonly<Record<string, never>>;
  readonly "GET /teams": Readonly<Record<string, never>>;
  readonly "GET /teams/apps/{app}": Readonly<Record<string, never>>;
  readonly "GET /teams/apps/{app}/collaborators": Readonly<Record<string, never>>;
  readonly "GET /teams/apps/{app}/collaborators/{collaborator}": Readonly<Record<string, never>>;
  readonly "GET /teams/invitations/{token}": Readonly<Record<string, never>>;
  readonly "GET /teams/permissions": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/addons": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/allowed-addon-services": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/apps": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/apps/{app}/usage": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/available-generations": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/delinquency": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/features": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/features/{team_feature}": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/identity-providers": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/invitations": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/invoices": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/invoices/{team_invoice}": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/license-collections": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/licenses": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/members": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/members/{team_member}/apps": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/oauth/authorizations": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/permissions": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/pipeline-couplings": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/preferences": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/spaces": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/usage": Readonly<Record<string, never>>;
  readonly "GET /teams/{team}/usage/daily": {
    readonly end?: string;
    readonly start: string;
  };
  readonly "GET /teams/{team}/usage/monthly": {
    readonly end?: string;
    readonly start: string;
  };
  readonly "GET /telemetry-drains/{telemetry_drain}": Readonly<Record<string, never>>;
  readonly "GET /test-runs/{test_run}": Readonly<Record<string, never>>;
  readonly "GET /test-runs/{test_run}/test-cases": Readonly<Record<string, never>>;
  readonly "GET /test-runs/{test_run}/test-nodes": Readonly<Record<string, never>>;
  readonly "GET /users/{account}": Readonly<Record<string, never>>;
  readonly "GET /users/{account}/addons": Readonly<Record<string, never>>;
  readonly "GET /users/{account}/apps": Readonly<Record<string, never>>;
  readonly "GET /users/{account}/preferences": Readonly<Record<string, never>>;
  readonly "GET /users/{account}/sms-number": Readonly<Record<string, never>>;
  readonly "GET /users/~/pipeline-couplings": Readonly<Record<string, never>>;
  readonly "PATCH /account": {
    readonly allow_tracking?: boolean;
    readonly beta?: boolean;
    readonly name?: string | null;
  } | {
    readonly allow_tracking?: boolean;
    readonly beta?: boolean;
    readonly eco_dynos_enabled?: boolean;
    readonly name?: string | null;
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
    readonly build_stack?: string;
    readonly maintenance?: boolean;
    readonly name?: string;
  };
  readonly "PATCH /apps/{app}/acm": Readonly<Record<string, never>>;
  readonly "PATCH /apps/{app}/addons/{add_on}": {
    readonly name?: string;
    readonly plan: string;
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
      readonly dyno_size?: {
        readonly id?: string;
        readonly name?: string;
      };
      readonly quantity?: number;
      readonly type: string;
    }>;
  };
  readonly "PATCH /apps/{app}/formation/{formation}": {
    readonly dyno_size?: {
      readonly id?: string;
      readonly name?: string;
    };
    readonly quantity?: number;
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
    readonly client: {
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
    readonly owner: string | "~";
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
    readonly role: "admin" | "member" | "viewer";
  };
  readonly "PATCH /teams/{team}/preferences": {
    readonly "addons-controls"?: boolean | null;
  };
  readonly "PATCH /telemetry-drains/{telemetry_drain}": {
    readonly exporter?: {
      readonly endpoint: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly type: "otlp" | "otlphttp";
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
    readonly name?: string | null;
  } | {
    readonly allow_tracking?: boolean;
    readonly beta?: boolean;
    readonly eco_dynos_enabled?: boolean;
    readonly name?: string | null;
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
    readonly recipient: string | "~";
    readonly silent?: boolean;
  };
  readonly "POST /account/credits": {
    readonly code1?: string;
    readonly code2?: string;
  };
  readonly "POST /account/payments": {
    readonly amount: number;
    readonly invoice_id: number;
    readonly uuid: string;
  };
  readonly "POST /actions/addon-attachments/resolve": {
    readonly addon_attachment: string;
    readonly addon_service?: string;
    readonly app?: string;
  };
  readonly "POST /actions/addons/resolve": {
    readonly addon: string;
    readonly addon_service?: string;
    readonly app?: string;
  };
  readonly "POST /addon-attachments": {
    readonly addon: string;
    readonly app: string;
    readonly confirm?: string;
    readonly name?: string;
    readonly namespace?: string | null;
    readonly namespace_config?: Readonly<Record<string, string>> | null;
  };
  readonly "POST /addons/{add_on}/actions/deprovision": Readonly<Record<string, never>>;
  readonly "POST /addons/{add_on}/actions/peer": {
    readonly pcx_id: string;
  };
  readonly "POST /addons/{add_on}/actions/provision": Readonly<Record<string, never>>;
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
      readonly locked?: boolean;
      readonly name?: string;
      readonly organization?: string;
      readonly personal?: boolean;
      readonly region?: string;
      readonly space?: string;
      readonly stack?: string;
    };
    readonly overrides?: {
      readonly buildpacks?: ReadonlyArray<{
        readonly url?: string;
      }>;
      readonly env?: Readonly<Record<string, string>>;
    };
    readonly source_blob: {
      readonly checksum?: string | null;
      readonly url?: string;
      readonly version?: string | null;
    };
  };
  readonly "POST /apps": {
    readonly feature_flags?: ReadonlyArray<string>;
    readonly name?: string;
    readonly region?: string;
    readonly stack?: string;
  };
  readonly "POST /apps/{app}/acm": Readonly<Record<string, never>>;
  readonly "POST /apps/{app}/addons": {
    readonly attachment?: {
      readonly name?: string;
    };
    readonly config?: Readonly<Record<string, string>>;
    readonly confirm?: string;
    readonly name?: string;
    readonly plan: string;
  };
  readonly "POST /apps/{app}/builds": {
    readonly buildpacks?: ReadonlyArray<{
      readonly name?: string;
      readonly url?: string;
    }> | null;
    readonly source_blob: {
      readonly checksum?: string | null;
      readonly url?: string;
      readonly version?: string | null;
      readonly version_description?: string | null;
    };
  };
  readonly "POST /apps/{app}/collaborators": {
    readonly silent?: boolean;
    readonly user: string | "~";
  };
  readonly "POST /apps/{app}/domains": {
    readonly hostname: string;
    readonly sni_endpoint: string | null;
  };
  readonly "POST /apps/{app}/dynos": {
    readonly attach?: boolean;
    readonly command: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly force_no_tty?: boolean | null;
    readonly size?: string;
    readonly time_to_live?: number;
    readonly type?: string;
  };
  readonly "POST /apps/{app}/dynos/{dyno}": {
    readonly command: string;
    readonly env?: Readonly<Record<string, string>>;
  };
  readonly "POST /apps/{app}/dynos/{dyno}/actions/stop": Readonly<Record<string, never>>;
  readonly "POST /apps/{app}/formations/{formation_type}/actions/stop": Readonly<Record<string, never>>;
  readonly "POST /apps/{app}/log-drains": {
    readonly url: string;
  };
  readonly "POST /apps/{app}/log-sessions": {
    readonly dyno_name?: string;
    readonly lines?: number;
    readonly source?: string;
    readonly tail?: boolean;
    readonly type?: string;
  } | {
    readonly dyno?: string;
    readonly lines?: number;
    readonly source?: string;
    readonly tail?: boolean;
    readonly type?: string;
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
    readonly commit?: string;
    readonly commit_description?: string;
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
    readonly description?: string;
    readonly oci_image?: string;
    readonly slug: string;
  } | {
    readonly release: string;
  } | {
    readonly description?: string;
    readonly oci_image?: string;
    readonly slug?: string;
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
  readonly "POST /apps/{app}/sources": Readonly<Record<string, never>>;
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
  readonly "POST /identity-providers/{identity_provider}/migrate": Readonly<Record<string, never>>;
  readonly "POST /oauth/authorizations": {
    readonly client?: string;
    readonly description?: string;
    readonly expires_in?: number | null;
    readonly scope: ReadonlyArray<string>;
  };
  readonly "POST /oauth/authorizations/{oauth_authorization}/actions/regenerate-tokens": Readonly<Record<string, never>>;
  readonly "POST /oauth/clients": {
    readonly name: string;
    readonly redirect_uri: string;
  };
  readonly "POST /oauth/clients/{oauth_client}/actions/rotate-credentials": Readonly<Record<string, never>>;
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
  readonly "POST /sources": Readonly<Record<string, never>>;
  readonly "POST /spaces": {
    readonly cidr?: string;
    readonly data_cidr?: string;
    readonly generation?: string;
    readonly log_drain_url?: string;
    readonly name: string;
    readonly region?: string;
    readonly shield?: boolean;
    readonly team: string;
  } | {
    readonly channel_name?: string;
    readonly cidr?: string;
    readonly data_cidr?: string;
    readonly eks_version?: string;
    readonly features?: ReadonlyArray<unknown>;
    readonly generation?: string;
    readonly log_drain_url?: string;
    readonly name: string;
    readonly region?: string;
    readonly shield?: boolean;
    readonly supported_features?: ReadonlyArray<unknown>;
    readonly team: string;
  };
  readonly "POST /spaces/{space}/peerings": {
    readonly pcx_id: string;
  };
  readonly "POST /spaces/{space}/peerings/{pcx_id}/actions/accept": Readonly<Record<string, never>>;
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
    readonly internal_routing?: boolean | null;
    readonly locked?: boolean;
    readonly name?: string;
    readonly personal?: boolean;
    readonly region?: string;
    readonly space?: string;
    readonly stack?: string;
    readonly team?: string;
  };
  readonly "POST /teams/apps/{app}/collaborators": {
    readonly permissions?: ReadonlyArray<string>;
    readonly silent?: boolean;
    readonly user: string | "~";
  };
  readonly "POST /teams/invitations/{token}/accept": Readonly<Record<string, never>>;
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
    readonly role: "admin" | "member" | "viewer";
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
      readonly type: "otlp" | "otlphttp";
    };
    readonly owner: {
      readonly id: string;
      readonly type: "app" | "space";
    };
    readonly signals: ReadonlyArray<"logs" | "metrics" | "traces">;
  };
  readonly "POST /test-runs": {
    readonly commit_branch: string;
    readonly commit_message: string;
    readonly commit_sha: string;
    readonly debug?: boolean;
    readonly organization?: string;
    readonly pipeline: string;
    readonly source_blob_url: string;
  };
  readonly "POST /users/{account}/sms-number/actions/confirm": Readonly<Record<string, never>>;
  readonly "POST /users/{account}/sms-number/actions/recover": Readonly<Record<string, never>>;
  readonly "POST /users/~/gateway-tokens": Readonly<Record<string, never>>;
  readonly "POST /users/~/gateway-tokens/oauth-authorization": Readonly<Record<string, never>>;
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
  readonly "PUT /spaces/{space}/inbound-ruleset": {
    readonly rules?: ReadonlyArray<{
      readonly action: "allow" | "deny";
      readonly source: string;
    }>;
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
    readonly role: "admin" | "member" | "viewer";
  };
  readonly "PUT /users/~/capabilities": {
    readonly capabilities: ReadonlyArray<{
      readonly capability?: string;
      readonly resource_id?: string | null;
      readonly resource_type?: string;
    }>;
  };
}
