// @generated made by contract/generate.ts from contract/description and contract/supplement

export interface Account {
  readonly allow_tracking: boolean;
  readonly beta: boolean;
  readonly country_of_residence: string | null;
  readonly created_at: string;
  readonly default_organization: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly default_team: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly delinquent_at: string | null;
  readonly email: string;
  readonly federated: boolean;
  readonly id: string;
  readonly identity_provider: {
    readonly id: string;
    readonly name: string;
    readonly organization: {
      readonly name: string;
    };
    readonly owner: {
      readonly id: string;
      readonly name?: string;
      readonly type: "enterprise-account" | "team";
    };
    readonly team: {
      readonly name: string;
    };
  } | null;
  readonly last_login: string | null;
  readonly name: string | null;
  readonly scheduled_deletion_time?: string | null;
  readonly scheduled_suspension_time?: string | null;
  readonly sms_number: string | null;
  readonly suspended_at: string | null;
  readonly two_factor_authentication: boolean;
  readonly updated_at: string;
  readonly verified: boolean;
}

export interface AccountDelinquency {
  readonly scheduled_deletion_time: string | null;
  readonly scheduled_suspension_time: string | null;
}

export interface AccountFeature {
  readonly created_at: string;
  readonly description: string;
  readonly display_name: string;
  readonly doc_url: string;
  readonly enabled: boolean;
  readonly feedback_email: string;
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly updated_at: string;
}

export interface AccountQuota {
  readonly account_quota: number;
  readonly apps: ReadonlyArray<{
    readonly app_uuid: string;
    readonly quota_used: number;
  }>;
  readonly id?: string;
  readonly quota_used: number;
}

export interface AccountSdk {
  readonly acknowledged_msa: boolean;
  readonly acknowledged_msa_at: string | null;
  readonly allow_tracking: boolean;
  readonly beta: boolean;
  readonly country_of_residence: string | null;
  readonly created_at: string;
  readonly default_organization: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly default_team: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly delinquent_at: string | null;
  readonly eco_dynos_enabled: boolean;
  readonly eco_dynos_shutdown_at: string | null;
  readonly email: string;
  readonly federated: boolean;
  readonly id: string;
  readonly identity_provider: {
    readonly id: string;
    readonly name: string;
    readonly organization: {
      readonly name: string;
    };
    readonly owner: {
      readonly id: string;
      readonly name?: string;
      readonly type: "enterprise-account" | "team";
    };
    readonly team: {
      readonly name: string;
    };
  } | null;
  readonly italian_customer_terms: string | null;
  readonly italian_partner_terms: string | null;
  readonly last_login: string | null;
  readonly mfa_enabled: boolean;
  readonly mfa_exemption: boolean;
  readonly mfa_exemption_reason: string | null;
  readonly mfa_experience: "legacy" | "vaas";
  readonly name: string | null;
  readonly pipeline_cost_consent_at: string | null;
  readonly scheduled_deletion_time?: string | null;
  readonly scheduled_suspension_time?: string | null;
  readonly sms_number: string | null;
  readonly suspended_at: string | null;
  readonly two_factor_authentication: boolean;
  readonly updated_at: string;
  readonly verified: boolean;
}

export interface AddOn {
  readonly actions: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly addon_service: {
    readonly id: string;
    readonly name: string;
  } | AddOnService;
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly billed_price: {
    readonly cents: number;
    readonly contract: boolean;
    readonly unit: string;
  } | null;
  readonly billing_entity: {
    readonly id: string;
    readonly name: string;
    readonly type: "app" | "team";
  };
  readonly config_vars: ReadonlyArray<string>;
  readonly created_at: string;
  readonly id: string;
  readonly name: string;
  readonly plan: {
    readonly id: string;
    readonly meters?: ReadonlyArray<Readonly<Record<string, unknown>>>;
    readonly name: string;
    readonly price?: {
      readonly cents: number;
      readonly contract: boolean;
      readonly metered?: boolean;
      readonly unit: string;
    };
  } | Plan;
  readonly provider_id: string;
  readonly provision_message?: string;
  readonly state: "deprovisioned" | "provisioned" | "provisioning";
  readonly updated_at: string;
  readonly web_url: string | null;
}

export type AddOnAction = Readonly<Record<string, never>>;

export interface AddOnAttachment {
  readonly addon: {
    readonly app: {
      readonly id: string;
      readonly name: string;
    };
    readonly id: string;
    readonly name: string;
    readonly plan?: {
      readonly id: string;
      readonly meters?: ReadonlyArray<Readonly<Record<string, unknown>>>;
      readonly name: string;
      readonly price?: {
        readonly cents: number;
        readonly contract: boolean;
        readonly metered?: boolean;
        readonly unit: string;
      };
    } | Plan;
  };
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly config_vars?: ReadonlyArray<string>;
  readonly created_at: string;
  readonly id: string;
  readonly log_input_url: string | null;
  readonly name: string;
  readonly namespace: string | null;
  readonly namespace_config?: Readonly<Record<string, string>> | null;
  readonly updated_at: string;
  readonly web_url: string | null;
}

export interface AddOnAttachmentSdk {
  readonly addon: {
    readonly app: {
      readonly id: string;
      readonly name: string;
    };
    readonly id: string;
    readonly name: string;
    readonly plan?: {
      readonly id: string;
      readonly meters?: ReadonlyArray<Readonly<Record<string, unknown>>>;
      readonly name: string;
      readonly price?: {
        readonly cents: number;
        readonly contract: boolean;
        readonly metered?: boolean;
        readonly unit: string;
      };
    } | PlanSdk;
  };
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly config_vars?: ReadonlyArray<string>;
  readonly created_at: string;
  readonly id: string;
  readonly log_input_url: string | null;
  readonly name: string;
  readonly namespace: string | null;
  readonly namespace_config?: Readonly<Record<string, string>> | null;
  readonly updated_at: string;
  readonly web_url: string | null;
}

export interface AddOnConfig {
  readonly name: string;
  readonly value: string | null;
}

export interface AddOnPlanAction {
  readonly action: string;
  readonly id: string;
  readonly label: string;
  readonly requires_owner: boolean;
  readonly url: string;
}

export interface AddOnRegionCapability {
  readonly addon_service: AddOnService;
  readonly id: string;
  readonly region: Region;
  readonly supports_private_networking: boolean;
}

export interface AddOnSdk {
  readonly actions: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly addon_service: {
    readonly id: string;
    readonly name: string;
  } | AddOnService;
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly billed_price: {
    readonly cents: number;
    readonly contract: boolean;
    readonly metered: boolean;
    readonly unit: string;
  } | null;
  readonly billing_entity: {
    readonly id: string;
    readonly name: string;
    readonly type: "app" | "team";
  };
  readonly config_vars: ReadonlyArray<string>;
  readonly created_at: string;
  readonly id: string;
  readonly name: string;
  readonly plan: {
    readonly id: string;
    readonly meters?: ReadonlyArray<Readonly<Record<string, unknown>>>;
    readonly name: string;
    readonly price?: {
      readonly cents: number;
      readonly contract: boolean;
      readonly metered?: boolean;
      readonly unit: string;
    };
  } | PlanSdk;
  readonly provider_id: string;
  readonly provision_message?: string;
  readonly state: "deprovisioned" | "provisioned" | "provisioning";
  readonly updated_at: string;
  readonly web_url: string | null;
}

export interface AddOnService {
  readonly cli_plugin_name: string | null;
  readonly created_at: string;
  readonly human_name: string;
  readonly id: string;
  readonly name: string;
  readonly state: "alpha" | "beta" | "ga" | "shutdown";
  readonly supported_generations: ReadonlyArray<{
    readonly id: string;
    readonly name: string;
  }>;
  readonly supports_multiple_installations: boolean;
  readonly supports_sharing: boolean;
  readonly updated_at: string;
}

export interface AddOnSso {
  readonly action: string;
  readonly method: "get" | "post";
  readonly params: {
    readonly attached_app: string;
    readonly email: string;
    readonly id: string;
    readonly "nav-data": string;
    readonly owning_app: string;
    readonly resource_id: string;
    readonly resource_token: string;
    readonly timestamp: number;
    readonly token: string;
    readonly user_id: string;
  };
}

export interface AddOnWebhook {
  readonly addon: {
    readonly id: string;
    readonly name: string;
  };
  readonly created_at: string;
  readonly id: string;
  readonly include: ReadonlyArray<string>;
  readonly level: "notify" | "sync";
  readonly updated_at: string;
  readonly url: string;
}

export interface AdvisoryMatch {
  readonly aliases: ReadonlyArray<string>;
  readonly id: string;
  readonly modified_at: string | null;
  readonly packages: ReadonlyArray<{
    readonly development: boolean;
    readonly fixed: ReadonlyArray<string>;
    readonly package: string;
    readonly version: string;
  }>;
  readonly summary: string;
}

export interface AllowedAddOnService {
  readonly added_at: string;
  readonly added_by: {
    readonly email: string | null;
    readonly id: string | null;
  };
  readonly addon_service: {
    readonly human_name: string;
    readonly id: string;
    readonly name: string;
  };
  readonly id: string;
}

export interface App {
  readonly acm: boolean;
  readonly archived_at: string | null;
  readonly build_stack: {
    readonly id: string;
    readonly name: string;
  };
  readonly buildpack_provided_description: string | null;
  readonly create_status?: string;
  readonly created_at: string;
  readonly cron_finished_at?: string | null;
  readonly cron_next_run?: string | null;
  readonly database_size?: number | null;
  readonly extended?: Readonly<Record<string, unknown>>;
  readonly generation: {
    readonly id: string;
    readonly name: string;
  };
  readonly git_url: string;
  readonly id: string;
  readonly internal_routing: boolean | null;
  readonly joined?: boolean;
  readonly locked?: boolean;
  readonly maintenance: boolean;
  readonly name: string;
  readonly organization: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly owner: {
    readonly email: string;
    readonly id: string;
  };
  readonly process_tier?: string;
  readonly region: {
    readonly id: string;
    readonly name: string;
  };
  readonly released_at: string | null;
  readonly repo_size: number | null;
  readonly slug_size: number | null;
  readonly space: {
    readonly id: string;
    readonly name: string;
    readonly shield: boolean;
  } | null;
  readonly stack: {
    readonly id: string;
    readonly name: string;
  };
  readonly team: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly updated_at: string;
  readonly web_url: string | null;
}

export interface AppFeature {
  readonly created_at: string;
  readonly description: string;
  readonly display_name: string;
  readonly doc_url: string;
  readonly enabled: boolean;
  readonly feedback_email: string;
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly updated_at: string;
}

export interface AppSdk {
  readonly acm: boolean;
  readonly archived_at: string | null;
  readonly base_image_name: string | null;
  readonly build_stack: {
    readonly id: string;
    readonly name: string;
  };
  readonly buildpack_provided_description: string | null;
  readonly buildpacks: ReadonlyArray<{
    readonly homepage: string;
    readonly id: string;
    readonly version: string;
  }> | null;
  readonly create_status?: string;
  readonly created_at: string;
  readonly cron_finished_at?: string | null;
  readonly cron_next_run?: string | null;
  readonly current_build_architecture: ReadonlyArray<unknown>;
  readonly database_size?: number | null;
  readonly extended?: Readonly<Record<string, unknown>>;
  readonly generation: string;
  readonly git_url: string;
  readonly id: string;
  readonly internal_routing: boolean | null;
  readonly joined?: boolean;
  readonly locked?: boolean;
  readonly maintenance: boolean;
  readonly name: string;
  readonly organization: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly owner: {
    readonly email: string;
    readonly id: string;
  };
  readonly process_tier?: string;
  readonly region: {
    readonly id: string;
    readonly name: string;
  };
  readonly released_at: string | null;
  readonly repo_size: number | null;
  readonly slug_size: number | null;
  readonly space: {
    readonly id: string;
    readonly name: string;
    readonly shield: boolean;
  } | null;
  readonly stack: {
    readonly id: string;
    readonly name: string;
  };
  readonly team: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly updated_at: string;
  readonly web_url: string | null;
}

export interface AppSetup {
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly build: {
    readonly id: string;
    readonly output_stream_url: string;
    readonly status: "failed" | "pending" | "succeeded";
  } | null;
  readonly created_at: string;
  readonly failure_message: string | null;
  readonly id: string;
  readonly manifest_errors: ReadonlyArray<string>;
  readonly postdeploy: {
    readonly exit_code: number;
    readonly output: string;
  } | null;
  readonly resolved_success_url: string | null;
  readonly status: "failed" | "pending" | "succeeded";
  readonly updated_at: string;
}

export interface AppTransfer {
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly created_at: string;
  readonly id: string;
  readonly owner: {
    readonly email: string;
    readonly id: string;
  };
  readonly recipient: {
    readonly email: string;
    readonly id: string;
  };
  readonly state: "accepted" | "declined" | "pending";
  readonly updated_at: string;
}

export interface AppWebhook {
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly created_at: string;
  readonly id: string;
  readonly include: ReadonlyArray<string>;
  readonly level: "notify" | "sync";
  readonly updated_at: string;
  readonly url: string;
}

export interface AppWebhookDelivery {
  readonly created_at: string;
  readonly event: {
    readonly id: string;
    readonly include: string;
  };
  readonly id: string;
  readonly last_attempt: {
    readonly code: number | null;
    readonly created_at: string;
    readonly error_class: string | null;
    readonly id: string;
    readonly status: "failed" | "scheduled" | "succeeded";
    readonly updated_at: string;
  } | null;
  readonly next_attempt_at: string | null;
  readonly num_attempts: number;
  readonly status: "failed" | "pending" | "retrying" | "scheduled" | "succeeded";
  readonly updated_at: string;
  readonly webhook: {
    readonly id: string;
    readonly level: "notify" | "sync";
  };
}

export interface AppWebhookEvent {
  readonly created_at: string;
  readonly id: string;
  readonly include: string;
  readonly payload: {
    readonly action: string;
    readonly actor: {
      readonly email: string;
      readonly id: string;
    };
    readonly data: Readonly<Record<string, unknown>>;
    readonly previous_data: Readonly<Record<string, unknown>>;
    readonly published_at?: string;
    readonly resource: string;
    readonly version: string;
  };
  readonly updated_at: string;
}

export interface Archive {
  readonly checksum: string;
  readonly created_at: string;
  readonly month: "01" | "02" | "03" | "04" | "05" | "06" | "07" | "08" | "09" | "10" | "11" | "12";
  readonly size: number;
  readonly url: string;
  readonly year: number;
}

export interface Attestation {
  readonly artifact_type: string;
  readonly build: {
    readonly id: string;
  } | null;
  readonly content?: Readonly<Record<string, unknown>>;
  readonly created_at: string;
  readonly digest: string;
  readonly document_digest: string;
  readonly document_size: number;
  readonly key_id: string | null;
  readonly kind: string;
  readonly media_type: string;
  readonly signature: {
    readonly payload: string;
    readonly value: string;
  } | null;
}

export interface AuditTrailEvent {
  readonly action: string;
  readonly actor: {
    readonly email: string;
    readonly id: string;
  };
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly created_at: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly enterprise_account: {
    readonly id: string;
    readonly name: string;
  };
  readonly id: string;
  readonly owner: {
    readonly email: string;
    readonly id: string;
  };
  readonly request: {
    readonly ip_address: string;
  };
  readonly team: {
    readonly id: string;
    readonly name: string;
  };
  readonly type: string;
}

export interface Build {
  readonly app: {
    readonly id: string;
  };
  readonly buildpacks: ReadonlyArray<{
    readonly name: string;
    readonly url: string;
  }> | null;
  readonly created_at: string;
  readonly generation: string;
  readonly id: string;
  readonly output_stream_url: string;
  readonly release: {
    readonly id: string;
  } | null;
  readonly slug: {
    readonly id: string;
  } | null;
  readonly source_blob: {
    readonly checksum: string | null;
    readonly url: string;
    readonly version: string | null;
    readonly version_description: string | null;
  };
  readonly stack: string;
  readonly status: "failed" | "pending" | "succeeded";
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly id: string;
  };
}

export interface BuildMetadata {
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly cache_delete_url: string;
  readonly cache_get_url: string;
  readonly cache_put_url: string;
  readonly repo_delete_url: string;
  readonly repo_get_url: string;
  readonly repo_put_url: string;
}

export interface BuildSdk {
  readonly app: {
    readonly id: string;
  };
  readonly buildpacks: ReadonlyArray<{
    readonly name: string;
    readonly url: string;
  }> | null;
  readonly created_at: string;
  readonly id: string;
  readonly labs?: Readonly<Record<string, boolean>>;
  readonly output_stream_url: string;
  readonly release: {
    readonly id: string;
  } | null;
  readonly slug: {
    readonly id: string;
  } | null;
  readonly source_blob: {
    readonly checksum: string | null;
    readonly url: string;
    readonly version: string | null;
    readonly version_description: string | null;
  };
  readonly stack: string;
  readonly status: "failed" | "pending" | "succeeded";
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly id: string;
  };
}

export interface BuildpackInstallation {
  readonly buildpack: {
    readonly name: string;
    readonly url: string;
  };
  readonly ordinal: number;
}

export interface Capability {
  readonly capability: string;
  readonly capable: boolean;
  readonly requires_second_factor?: boolean;
  readonly resource_canonical_id?: string;
  readonly resource_id: string | null;
  readonly resource_type: string;
}

export interface CapabilityList {
  readonly capabilities: ReadonlyArray<Capability>;
}

export interface Collaborator {
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly created_at: string;
  readonly id: string;
  readonly permissions?: ReadonlyArray<TeamAppPermission>;
  readonly role?: "admin" | "collaborator" | "member" | "owner" | null;
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly federated: boolean;
    readonly id: string;
  };
}

export type ConfigVar = Readonly<Record<string, string>>;

export interface ConfigVarsSettings {
  readonly attachment: {
    readonly id: string;
  } | null;
  readonly key: string;
  readonly masked: boolean;
  readonly masking_supported: boolean;
  readonly value: string | null;
  readonly value_updated_at: string;
}

export interface Credit {
  readonly amount: number;
  readonly balance: number;
  readonly created_at: string;
  readonly expires_at: string;
  readonly id: string;
  readonly title: string;
  readonly updated_at: string;
}

export interface Domain {
  readonly acm_status: string | null;
  readonly acm_status_reason: string | null;
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly cname: string | null;
  readonly created_at: string;
  readonly hostname: string;
  readonly id: string;
  readonly kind: "custom" | "heroku";
  readonly sni_endpoint: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly status: string;
  readonly updated_at: string;
}

export interface Dyno {
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly attach_url: string | null;
  readonly command: string;
  readonly created_at: string;
  readonly extended?: Readonly<Record<string, unknown>>;
  readonly id: string;
  readonly name: string;
  readonly release: {
    readonly id: string;
    readonly version: number;
  };
  readonly size: string;
  readonly state: string;
  readonly type: string;
  readonly updated_at: string;
}

export interface DynoProcesses {
  readonly app?: {
    readonly id: string;
    readonly name: string;
  };
  readonly attach_url: string | null;
  readonly command?: string;
  readonly created_at?: string;
  readonly id?: string;
  readonly name?: string;
  readonly release?: {
    readonly id: string;
    readonly version: number;
  };
  readonly size?: string;
  readonly state?: string;
  readonly type?: string;
  readonly updated_at?: string;
}

export interface DynoSize {
  readonly architecture: string;
  readonly compute: number;
  readonly cost: Readonly<Record<string, unknown>> | null;
  readonly dedicated: boolean;
  readonly generation: {
    readonly id: string;
    readonly name: string;
  };
  readonly id: string;
  readonly memory: number;
  readonly name: string;
  readonly precise_dyno_units: number;
  readonly private_space_only: boolean;
}

export interface DynoSizeSdk {
  readonly architecture: string;
  readonly can_autoscale: boolean;
  readonly compute: number;
  readonly cost: Readonly<Record<string, unknown>> | null;
  readonly dedicated: boolean;
  readonly generation: {
    readonly id: string;
    readonly name: string;
  };
  readonly id: string;
  readonly infrastructure_tier: string;
  readonly memory: number;
  readonly name: string;
  readonly precise_dyno_units: number;
  readonly private_space_only: boolean;
  readonly product_dyno_tier: string;
}

export interface EnterpriseAccount {
  readonly created_at: string;
  readonly id: string;
  readonly identity_provider: {
    readonly id: string;
    readonly name: string;
    readonly owner: {
      readonly id: string;
      readonly name?: string;
      readonly type: "enterprise-account" | "team";
    };
  } | null;
  readonly name: string;
  readonly partner_benefits: boolean;
  readonly permissions: ReadonlyArray<string>;
  readonly trial: boolean;
  readonly updated_at: string;
}

export interface EnterpriseAccountDailyUsage {
  readonly addons: number;
  readonly data: number;
  readonly date: string;
  readonly dynos: number;
  readonly id: string;
  readonly name: string;
  readonly partner: number;
  readonly space: number;
  readonly teams: ReadonlyArray<{
    readonly addons: number;
    readonly apps: ReadonlyArray<{
      readonly addons: number;
      readonly app_name: string;
      readonly data: number;
      readonly dynos: number;
      readonly partner: number;
    }>;
    readonly data: number;
    readonly dynos: number;
    readonly id: string;
    readonly name: string;
    readonly partner: number;
    readonly space: number;
  }>;
}

export interface EnterpriseAccountMember {
  readonly enterprise_account: {
    readonly id: string;
    readonly name: string;
  };
  readonly id: string;
  readonly identity_provider: {
    readonly id: string;
    readonly name: string;
    readonly owner: {
      readonly id: string;
      readonly name?: string;
      readonly type: "enterprise-account" | "team";
    };
    readonly redacted: boolean;
  } | null;
  readonly permissions: ReadonlyArray<{
    readonly description: string;
    readonly name: "billing" | "create" | "manage" | "view";
  }>;
  readonly two_factor_authentication: boolean;
  readonly user: {
    readonly email: string;
    readonly id: string;
  };
}

export interface EnterpriseAccountMemberEntry {
  readonly enterprise_account: {
    readonly id: string;
    readonly name: string;
  };
  readonly id: string;
  readonly identity_provider: {
    readonly id: string;
    readonly name: string;
    readonly owner: {
      readonly id: string;
      readonly name?: string;
      readonly type: "enterprise-account" | "team";
    };
    readonly redacted: boolean;
  } | null;
  readonly last_login: string | null;
  readonly permissions: ReadonlyArray<{
    readonly description: string;
    readonly name: "billing" | "create" | "manage" | "view";
  }>;
  readonly two_factor_authentication: boolean;
  readonly user: {
    readonly email: string;
    readonly id: string;
  };
}

export interface EnterpriseAccountMonthlyUsage {
  readonly addons: number;
  readonly connect: number;
  readonly data: number;
  readonly dynos: number;
  readonly id: string;
  readonly month: string;
  readonly name: string;
  readonly partner: number;
  readonly space: number;
  readonly teams: ReadonlyArray<{
    readonly addons: number;
    readonly apps: ReadonlyArray<{
      readonly addons: number;
      readonly app_name: string;
      readonly data: number;
      readonly dynos: number;
      readonly partner: number;
    }>;
    readonly connect: number;
    readonly data: number;
    readonly dynos: number;
    readonly id: string;
    readonly name: string;
    readonly partner: number;
    readonly space: number;
  }>;
}

export interface Formation {
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly command: string;
  readonly created_at: string;
  readonly dyno_size: {
    readonly id: string;
    readonly name: string;
  };
  readonly id: string;
  readonly quantity: number;
  readonly size: string;
  readonly type: string;
  readonly updated_at: string;
}

export interface GatewayToken {
  readonly authorization_id: string | null;
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly rate_limit_enabled: boolean;
  readonly rate_limit_multiplier: number;
  readonly second_factor: boolean;
  readonly sub: string;
  readonly sudo: boolean;
  readonly sudo_force: boolean;
  readonly sudo_reason: string | null;
  readonly sudo_user_id: string | null;
  readonly user_email: string;
  readonly user_id: string;
}

export interface Generation {
  readonly created_at: string;
  readonly id: string;
  readonly name: string;
  readonly updated_at: string;
}

export interface GenerationSdk {
  readonly created_at: string;
  readonly expanded_supported_features: ReadonlyArray<{
    readonly incompatible_type: string;
    readonly name: string;
    readonly scope: string;
  }>;
  readonly id: string;
  readonly name: string;
  readonly unsupported_features: ReadonlyArray<string>;
  readonly updated_at: string;
}

export interface IdentityProvider {
  readonly certificate: string;
  readonly created_at: string;
  readonly entity_id: string;
  readonly id: string;
  readonly organization: {
    readonly name: string;
  } | null;
  readonly owner: {
    readonly id: string;
    readonly name?: string;
    readonly type: "enterprise-account" | "team";
  };
  readonly slo_target_url: string;
  readonly sso_target_url: string;
  readonly updated_at: string;
}

export interface IdentityProviderActions {
  readonly certificate: string | null;
  readonly certificates: ReadonlyArray<{
    readonly body: string;
    readonly created_at: string;
    readonly expires_at: string;
    readonly id: string;
    readonly name: string | null;
  }>;
  readonly created_at: string;
  readonly entity_id: string;
  readonly id: string;
  readonly name: string;
  readonly owner: {
    readonly id: string;
    readonly name?: string;
    readonly type: "enterprise-account" | "team";
  };
  readonly slo_target_url: string;
  readonly sso_target_url: string;
  readonly updated_at: string;
}

export interface IdentityProviderCertificate {
  readonly body: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly id: string;
  readonly identity_provider_id: string;
  readonly name: string | null;
}

export interface IdentityProviderSdk {
  readonly certificate: string | null;
  readonly certificates: ReadonlyArray<{
    readonly body: string;
    readonly created_at: string;
    readonly expires_at: string;
    readonly id: string;
    readonly name: string | null;
  }>;
  readonly created_at: string;
  readonly enabled: boolean;
  readonly entity_id: string;
  readonly heroku_acs_url: string;
  readonly heroku_entity_id: string;
  readonly heroku_start_url: string;
  readonly id: string;
  readonly name: string;
  readonly owner: {
    readonly id: string;
    readonly name?: string;
    readonly type: "enterprise-account" | "team";
  };
  readonly slo_target_url: string;
  readonly sso_target_url: string;
  readonly updated_at: string;
}

export interface InboundRuleset {
  readonly applied?: boolean | null;
  readonly created_at: string;
  readonly created_by: string;
  readonly id: string;
  readonly rules: ReadonlyArray<{
    readonly action: "allow" | "deny";
    readonly source: string;
  }>;
  readonly space: {
    readonly id: string;
    readonly name: string;
  };
}

export interface Invoice {
  readonly charges_total: number;
  readonly created_at: string;
  readonly credits_total: number;
  readonly id: string;
  readonly number: number;
  readonly period_end: string;
  readonly period_start: string;
  readonly state: number;
  readonly total: number;
  readonly updated_at: string;
}

export interface InvoiceAddress {
  readonly address_1: string;
  readonly address_2: string;
  readonly city: string;
  readonly country: string;
  readonly heroku_id: string;
  readonly other: string;
  readonly postal_code: string;
  readonly state: string;
  readonly use_invoice_address: boolean;
}

export interface Key {
  readonly comment: string;
  readonly created_at: string;
  readonly email: string;
  readonly fingerprint: string;
  readonly id: string;
  readonly public_key: string;
  readonly updated_at: string;
}

export interface LogDrain {
  readonly addon: {
    readonly app: {
      readonly id: string;
      readonly name: string;
    };
    readonly id: string;
    readonly name: string;
  } | null;
  readonly app: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly created_at: string;
  readonly extended?: {
    readonly drain_id: string;
    readonly [field: string]: unknown;
  };
  readonly id: string;
  readonly token: string;
  readonly updated_at: string;
  readonly url: string;
}

export interface LogSession {
  readonly created_at: string;
  readonly id: string;
  readonly logplex_url: string;
  readonly updated_at: string;
}

export interface OauthAuthorization {
  readonly access_token: {
    readonly expires_in: number | null;
    readonly id: string;
    readonly token: string;
  } | null;
  readonly client: {
    readonly id: string;
    readonly name: string;
    readonly redirect_uri: string;
  } | null;
  readonly created_at: string;
  readonly description: string;
  readonly grant: {
    readonly code: string;
    readonly expires_in: number;
    readonly id: string;
  } | null;
  readonly id: string;
  readonly refresh_token: {
    readonly expires_in: number | null;
    readonly id: string;
    readonly token: string;
  } | null;
  readonly scope: ReadonlyArray<string>;
  readonly session: {
    readonly id: string;
  } | null;
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly full_name: string | null;
    readonly id: string;
  };
}

export interface OauthAuthorizationSdk {
  readonly access_token: {
    readonly expires_in: number | null;
    readonly id: string;
    readonly token: string;
    readonly version: number;
  } | null;
  readonly client: {
    readonly id: string;
    readonly name: string;
    readonly redirect_uri: string;
  } | null;
  readonly created_at: string;
  readonly description: string;
  readonly grant: {
    readonly code: string;
    readonly expires_in: number;
    readonly id: string;
  } | null;
  readonly id: string;
  readonly refresh_token: {
    readonly expires_in: number | null;
    readonly id: string;
    readonly token: string;
  } | null;
  readonly scope: ReadonlyArray<string>;
  readonly session: {
    readonly id: string;
  } | null;
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly full_name: string | null;
    readonly id: string;
  };
}

export interface OauthClient {
  readonly created_at: string;
  readonly id: string;
  readonly ignores_delinquent: boolean | null;
  readonly name: string;
  readonly redirect_uri: string;
  readonly secret: string;
  readonly updated_at: string;
}

export type OauthGrant = Readonly<Record<string, never>>;

export interface OauthSession {
  readonly created_at: string;
  readonly description: string;
  readonly expires_in: number | null;
  readonly id: string;
  readonly updated_at: string;
}

export interface OauthToken {
  readonly access_token: {
    readonly expires_in: number | null;
    readonly id: string;
    readonly token: string;
  };
  readonly authorization: {
    readonly id: string;
  };
  readonly client: {
    readonly secret: string;
  } | null;
  readonly created_at: string;
  readonly grant: {
    readonly code: string;
    readonly type: string;
  };
  readonly id: string;
  readonly refresh_token: {
    readonly expires_in: number | null;
    readonly id: string;
    readonly token: string;
  };
  readonly session: {
    readonly id: string;
  };
  readonly updated_at: string;
  readonly user: {
    readonly id: string;
  };
}

export interface OauthTokenSdk {
  readonly access_token: {
    readonly expires_in: number | null;
    readonly id: string;
    readonly token: string;
  };
  readonly authorization: {
    readonly id: string;
  };
  readonly client: {
    readonly secret: string;
  } | null;
  readonly created_at: string;
  readonly grant: {
    readonly code: string;
    readonly type: string;
  };
  readonly id: string;
  readonly refresh_token: {
    readonly expires_in: number | null;
    readonly id: string;
    readonly token: string;
    readonly version: number;
  };
  readonly session: {
    readonly id: string;
  };
  readonly updated_at: string;
  readonly user: {
    readonly id: string;
  };
}

export interface OciImage {
  readonly architecture: string | null;
  readonly base_image_name: string;
  readonly base_top_layer: string;
  readonly buildpacks: ReadonlyArray<{
    readonly homepage: string;
    readonly id: string;
    readonly version: string;
  }>;
  readonly commit: string | null;
  readonly commit_description: string | null;
  readonly created_at: string;
  readonly deleted_at: string | null;
  readonly digest: string;
  readonly id: string;
  readonly image_repo: string;
  readonly process_types: Readonly<Record<string, {
    readonly command: string;
    readonly default: boolean | null;
    readonly display_cmd: string;
    readonly name: string;
    readonly working_dir: string;
  }>>;
  readonly stack: {
    readonly id: string;
    readonly name: string;
  };
  readonly updated_at: string;
}

export interface OciImageSdk {
  readonly architecture: string | null;
  readonly base_image_name: string;
  readonly base_top_layer: string;
  readonly buildpacks: ReadonlyArray<{
    readonly homepage: string;
    readonly id: string;
    readonly version: string;
  }>;
  readonly commit: string | null;
  readonly commit_description: string | null;
  readonly created_at: string;
  readonly digest: string;
  readonly id: string;
  readonly image_repo: string;
  readonly process_types: Readonly<Record<string, {
    readonly command: string;
    readonly default: boolean | null;
    readonly display_cmd: string;
    readonly name: string;
    readonly working_dir: string;
  }>>;
  readonly stack: {
    readonly id: string;
    readonly name: string;
  };
  readonly updated_at: string;
}

export interface PasswordReset {
  readonly created_at: string;
  readonly user: {
    readonly email: string;
    readonly id: string;
  };
}

export interface Payment {
  readonly amount: number;
  readonly created_at: string;
  readonly id: number;
  readonly invoice: {
    readonly id: string;
    readonly number: number;
  } | null;
  readonly state: "failure" | "pending" | "success";
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly id: string;
  };
}

export interface PaymentMethod {
  readonly address_1: string | null;
  readonly address_2: string;
  readonly card_last4: string;
  readonly card_type: string;
  readonly city: string;
  readonly country: string;
  readonly expiration_month: string | null;
  readonly expiration_year: string | null;
  readonly first_name: string;
  readonly last_name: string;
  readonly other: string | null;
  readonly postal_code: string;
  readonly state: string;
}

export interface Peering {
  readonly aws_account_id: string;
  readonly aws_region: string;
  readonly aws_vpc_id: string;
  readonly cidr_blocks: ReadonlyArray<string>;
  readonly expires: string;
  readonly pcx_id: string;
  readonly status: "active" | "deleted" | "expired" | "failed" | "initiating-request" | "pending-acceptance" | "provisioning" | "rejected";
  readonly type: "customer-managed" | "heroku-managed" | "unknown";
}

export interface PeeringInfo {
  readonly aws_account_id: string;
  readonly aws_region: {
    readonly name: string;
    readonly region: string;
  };
  readonly dyno_cidr_blocks: ReadonlyArray<string>;
  readonly space_cidr_blocks: ReadonlyArray<string>;
  readonly unavailable_cidr_blocks: ReadonlyArray<string>;
  readonly vpc_cidr: string;
  readonly vpc_id: string;
}

export interface PeeringInfoSdk {
  readonly aws_account_id: string;
  readonly aws_region: "ap-northeast-1" | "ap-northeast-2" | "ap-south-1" | "ap-southeast-1" | "ap-southeast-2" | "eu-central-1" | "eu-west-1" | "sa-east-1" | "us-east-1" | "us-west-1" | "us-west-2";
  readonly dyno_cidr_blocks: ReadonlyArray<string>;
  readonly space_cidr_blocks: ReadonlyArray<string>;
  readonly unavailable_cidr_blocks: ReadonlyArray<string>;
  readonly vpc_cidr: string;
  readonly vpc_id: string;
}

export interface PeeringSdk {
  readonly aws_account_id: string;
  readonly aws_region: string;
  readonly aws_vpc_id: string;
  readonly cidr_block: string;
  readonly cidr_blocks: ReadonlyArray<string>;
  readonly expires: string;
  readonly pcx_id: string;
  readonly status: "active" | "deleted" | "expired" | "failed" | "initiating-request" | "pending-acceptance" | "provisioning" | "rejected";
  readonly type: "customer-managed" | "heroku-cassandra" | "heroku-kafka" | "heroku-managed" | "heroku-postgresql" | "heroku-redis" | "slowdb" | "unknown";
}

export interface PermissionEntity {
  readonly id: string;
  readonly name: string;
  readonly team_id: string;
  readonly type: "app" | "space";
  readonly users: ReadonlyArray<{
    readonly email: string;
    readonly id: string;
    readonly permissions: ReadonlyArray<string>;
  }>;
}

export interface Pipeline {
  readonly created_at: string;
  readonly generation: {
    readonly id: string;
    readonly name: string;
  };
  readonly id: string;
  readonly name: string;
  readonly owner: {
    readonly id: string;
    readonly type: string;
  } | null;
  readonly updated_at: string;
}

export interface PipelineBuild {
  readonly app: {
    readonly id: string;
  };
  readonly buildpacks: ReadonlyArray<{
    readonly name: string;
    readonly url: string;
  }> | null;
  readonly created_at: string;
  readonly id: string;
  readonly output_stream_url: string;
  readonly release: {
    readonly id: string;
  } | null;
  readonly slug: {
    readonly id: string;
  } | null;
  readonly source_blob: {
    readonly checksum: string | null;
    readonly url: string;
    readonly version: string | null;
    readonly version_description: string | null;
  };
  readonly stack: string;
  readonly status: "failed" | "pending" | "succeeded";
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly id: string;
  };
}

export type PipelineConfigVar = Readonly<Record<string, string>>;

export interface PipelineCoupling {
  readonly app: {
    readonly id: string;
  };
  readonly created_at: string;
  readonly id: string;
  readonly pipeline: {
    readonly id: string;
    readonly name?: string;
  };
  readonly stage: "development" | "production" | "review" | "staging" | "test";
  readonly updated_at: string;
}

export interface PipelineDeployment {
  readonly addon_plan_names: ReadonlyArray<string>;
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly artifacts: ReadonlyArray<{
    readonly id: string;
    readonly type: string;
  }>;
  readonly created_at: string;
  readonly current: boolean;
  readonly description: string;
  readonly eligible_for_rollback: boolean;
  readonly id: string;
  readonly output_stream_url: string | null;
  readonly slug: {
    readonly id: string;
  } | null;
  readonly status: "expired" | "failed" | "pending" | "succeeded";
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly id: string;
  };
  readonly version: number;
}

export interface PipelinePromotion {
  readonly created_at: string;
  readonly id: string;
  readonly pipeline: {
    readonly id: string;
  };
  readonly source: {
    readonly app: {
      readonly id: string;
    };
    readonly release: {
      readonly id: string;
    };
  };
  readonly status: "completed" | "pending";
  readonly updated_at: string | null;
}

export interface PipelinePromotionTarget {
  readonly app: {
    readonly id: string;
  };
  readonly error_message: string | null;
  readonly id: string;
  readonly pipeline_promotion: {
    readonly id: string;
  };
  readonly release: {
    readonly id: string;
  } | null;
  readonly status: "failed" | "pending" | "succeeded";
}

export interface PipelineRelease {
  readonly addon_plan_names: ReadonlyArray<string>;
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly artifacts: ReadonlyArray<{
    readonly id: string;
    readonly type: string;
  }>;
  readonly created_at: string;
  readonly current: boolean;
  readonly description: string;
  readonly eligible_for_rollback: boolean;
  readonly id: string;
  readonly output_stream_url: string | null;
  readonly slug: {
    readonly id: string;
  } | null;
  readonly status: "expired" | "failed" | "pending" | "succeeded";
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly id: string;
  };
  readonly version: number;
}

export interface PipelineRepository {
  readonly full_name: string;
}

export interface PipelineStack {
  readonly stack: {
    readonly id: string;
    readonly name: string;
  } | null;
}

export interface PipelineTransfer {
  readonly new_owner: {
    readonly id: string;
    readonly type: string;
  } | null;
  readonly pipeline: {
    readonly id: string;
  };
  readonly previous_owner: {
    readonly id: string;
    readonly type: string;
  } | null;
}

export interface PipelineWebhook {
  readonly created_at: string;
  readonly id: string;
  readonly include: ReadonlyArray<string>;
  readonly level: "notify" | "sync";
  readonly pipeline: {
    readonly id: string;
  };
  readonly updated_at: string;
  readonly url: string;
}

export interface Plan {
  readonly addon_service: {
    readonly id: string;
    readonly name: string;
  };
  readonly compliance: ReadonlyArray<"HIPAA" | "PCI"> | null;
  readonly created_at: string;
  readonly default: boolean;
  readonly description: string;
  readonly human_name: string;
  readonly id: string;
  readonly installable_inside_private_network: boolean;
  readonly installable_outside_private_network: boolean;
  readonly name: string;
  readonly price: {
    readonly cents: number;
    readonly contract: boolean;
    readonly unit: string;
  };
  readonly space_default: boolean;
  readonly state: string;
  readonly updated_at: string;
  readonly visible: boolean;
}

export interface PlanMeter {
  readonly aggregation: string;
  readonly billing_description: string;
  readonly billing_period: string | null;
  readonly billing_unit: string | null;
  readonly created_at: string;
  readonly end_time: string | null;
  readonly id: string;
  readonly included_units: number;
  readonly name: string;
  readonly price_cents: string;
  readonly product_description: string;
  readonly rate_period: string | null;
  readonly start_time: string;
  readonly updated_at: string;
}

export interface PlanSdk {
  readonly addon_service: {
    readonly id: string;
    readonly name: string;
  };
  readonly compliance: ReadonlyArray<"HIPAA" | "PCI"> | null;
  readonly created_at: string;
  readonly default: boolean;
  readonly description: string;
  readonly human_name: string;
  readonly id: string;
  readonly installable_inside_private_network: boolean;
  readonly installable_outside_private_network: boolean;
  readonly name: string;
  readonly price: {
    readonly cents: number;
    readonly contract: boolean;
    readonly metered: boolean;
    readonly unit: string;
  };
  readonly space_default: boolean;
  readonly state: string;
  readonly updated_at: string;
  readonly visible: boolean;
}

export interface PreAuthorization {
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly expires_at: string;
}

export interface RateLimit {
  readonly remaining: number;
}

export interface Region {
  readonly country: string;
  readonly created_at: string;
  readonly description: string;
  readonly id: string;
  readonly locale: string;
  readonly name: string;
  readonly private_capable: boolean;
  readonly provider: {
    readonly name: string;
    readonly region: string;
  };
  readonly updated_at: string;
}

export interface Release {
  readonly addon_plan_names: ReadonlyArray<string>;
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly artifacts: ReadonlyArray<{
    readonly id: string;
    readonly type: string;
  }>;
  readonly attestations?: ReadonlyArray<{
    readonly artifact_type: string;
    readonly digest: string;
    readonly kind: string;
  }>;
  readonly created_at: string;
  readonly current: boolean;
  readonly description: string;
  readonly eligible_for_rollback: boolean;
  readonly extended?: Readonly<Record<string, unknown>>;
  readonly id: string;
  readonly image_verification?: {
    readonly key_id: string | null;
    readonly message: string | null;
    readonly required: boolean;
    readonly status: "verified" | "refused";
  };
  readonly oci_image?: {
    readonly id: string;
  } | null;
  readonly output_stream_url: string | null;
  readonly slug: {
    readonly id: string;
  } | null;
  readonly status: "expired" | "failed" | "pending" | "succeeded";
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly id: string;
  };
  readonly version: number;
}

export interface ReleaseSdk {
  readonly addon_plan_names: ReadonlyArray<string>;
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly artifacts: ReadonlyArray<{
    readonly id: string;
    readonly type: string;
  }>;
  readonly attestations?: ReadonlyArray<{
    readonly artifact_type: string;
    readonly digest: string;
    readonly kind: string;
  }>;
  readonly created_at: string;
  readonly current: boolean;
  readonly description: string;
  readonly eligible_for_rollback: boolean;
  readonly extended?: Readonly<Record<string, unknown>>;
  readonly id: string;
  readonly image_verification?: {
    readonly key_id: string | null;
    readonly message: string | null;
    readonly required: boolean;
    readonly status: "verified" | "refused";
  };
  readonly oci_image: {
    readonly id: string;
  } | null;
  readonly output_stream_url: string | null;
  readonly slug: {
    readonly id: string;
  } | null;
  readonly status: "expired" | "failed" | "pending" | "succeeded";
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly id: string;
  };
  readonly version: number;
}

export interface RepositoryBranch {
  readonly name: string;
}

export interface ReviewApp {
  readonly app: {
    readonly id: string;
  } | null;
  readonly app_setup: {
    readonly id: string;
  } | null;
  readonly branch: string;
  readonly created_at: string;
  readonly creator: Readonly<Record<string, unknown>>;
  readonly error_status: string | null;
  readonly fork_repo: {
    readonly id: number | null;
  } | null;
  readonly id: string;
  readonly message: string | null;
  readonly pipeline: {
    readonly id: string;
  };
  readonly pr_number: number | null;
  readonly status: "created" | "creating" | "deleted" | "deleting" | "errored" | "pending";
  readonly updated_at: string;
  readonly wait_for_ci: boolean;
}

export interface ReviewAppConfig {
  readonly automatic_review_apps: boolean;
  readonly base_name: string | null;
  readonly deploy_target: {
    readonly id: string;
    readonly type: string;
  } | null;
  readonly destroy_stale_apps: boolean;
  readonly pipeline_id: string;
  readonly repo: {
    readonly id: number;
  };
  readonly stale_days: number;
  readonly wait_for_ci: boolean;
}

export interface SigningKey {
  readonly created_at: string;
  readonly current: boolean;
  readonly id: string;
  readonly public_key: string;
  readonly revoked_at: string | null;
}

export interface Slug {
  readonly blob: {
    readonly method: string;
    readonly url: string;
  };
  readonly buildpack_provided_description: string | null;
  readonly checksum: string | null;
  readonly commit: string | null;
  readonly commit_description: string | null;
  readonly created_at: string;
  readonly deleted_at: string | null;
  readonly id: string;
  readonly process_types: Readonly<Record<string, string>>;
  readonly size: number | null;
  readonly stack: {
    readonly id: string;
    readonly name: string;
  };
  readonly updated_at: string;
}

export interface SmsNumber {
  readonly sms_number: string | null;
}

export interface SniEndpoint {
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly certificate_chain: string;
  readonly created_at: string;
  readonly display_name: string | null;
  readonly domains: ReadonlyArray<string>;
  readonly id: string;
  readonly name: string;
  readonly ssl_cert: {
    readonly acm: boolean;
    readonly "ca_signed?": boolean;
    readonly cert_domains: ReadonlyArray<string>;
    readonly expires_at: string;
    readonly id: string;
    readonly issuer: string;
    readonly "self_signed?": boolean;
    readonly starts_at: string;
    readonly subject: string;
  };
  readonly updated_at: string;
}

export interface Source {
  readonly source_blob: {
    readonly get_url: string;
    readonly put_url: string;
  };
}

export interface Space {
  readonly cidr: string;
  readonly created_at: string;
  readonly data_cidr: string;
  readonly generation: {
    readonly id: string;
    readonly name: string;
  };
  readonly id: string;
  readonly name: string;
  readonly organization: {
    readonly name: string;
  };
  readonly region: {
    readonly id: string;
    readonly name: string;
  } | Region;
  readonly shield: boolean;
  readonly state: "allocated" | "allocating" | "deleting";
  readonly team: {
    readonly id: string;
    readonly name: string;
  };
  readonly updated_at: string;
}

export interface SpaceAppAccess {
  readonly created_at: string;
  readonly id: string;
  readonly permissions: ReadonlyArray<{
    readonly description: string;
    readonly name: string;
  }>;
  readonly space: {
    readonly id: string;
    readonly name: string;
  };
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly id: string;
  };
}

export interface SpaceDynos {
  readonly app_id?: string;
  readonly app_name: string;
  readonly dynos: ReadonlyArray<Dyno>;
}

export interface SpaceHost {
  readonly allocated_at: string;
  readonly available_capacity_percentage: number;
  readonly host_id: string;
  readonly released_at: string;
  readonly state: "available" | "permanent-failure" | "released" | "released-permanent-failure" | "under-assessment";
}

export interface SpaceNat {
  readonly created_at: string;
  readonly sources: ReadonlyArray<string>;
  readonly state: "disabled" | "enabled" | "updating";
  readonly updated_at: string;
}

export interface SpaceSdk {
  readonly cidr: string;
  readonly created_at: string;
  readonly data_cidr: string;
  readonly generation: string;
  readonly id: string;
  readonly name: string;
  readonly organization: {
    readonly name: string;
  };
  readonly region: {
    readonly id: string;
    readonly name: string;
  } | Region;
  readonly shield: boolean;
  readonly state: "allocated" | "allocating" | "deleting";
  readonly team: {
    readonly id: string;
    readonly name: string;
  };
  readonly updated_at: string;
}

export interface SpaceTopology {
  readonly apps: ReadonlyArray<{
    readonly domains: ReadonlyArray<string>;
    readonly formation?: ReadonlyArray<{
      readonly dynos: ReadonlyArray<{
        readonly hostname: string;
        readonly id: string;
        readonly number: number;
        readonly private_ip: string;
      }>;
      readonly id: string;
      readonly process_type: string;
    }>;
    readonly formations?: ReadonlyArray<{
      readonly dynos: ReadonlyArray<{
        readonly hostname: string;
        readonly id: string;
        readonly number: number;
        readonly private_ip: string;
      }>;
      readonly id: string;
      readonly process_type: string;
    }>;
    readonly id: string;
  }>;
  readonly version: number;
}

export interface Stack {
  readonly created_at: string;
  readonly default: boolean;
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly updated_at: string;
}

export interface Team {
  readonly created_at: string;
  readonly credit_card_collections: boolean;
  readonly default: boolean;
  readonly enterprise_account: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly id: string;
  readonly identity_provider: {
    readonly id: string;
    readonly name: string;
    readonly owner: {
      readonly id: string;
      readonly name?: string;
      readonly type: "enterprise-account" | "team";
    };
  } | null;
  readonly membership_limit: number | null;
  readonly name: string;
  readonly provisioned_licenses: boolean;
  readonly role: "admin" | "collaborator" | "member" | "owner" | null;
  readonly scheduled_deletion_time?: string | null;
  readonly scheduled_suspension_time?: string | null;
  readonly type: "enterprise" | "team";
  readonly updated_at: string;
}

export interface TeamApp {
  readonly acm?: boolean;
  readonly archived_at: string | null;
  readonly build_stack: {
    readonly id: string;
    readonly name: string;
  };
  readonly buildpack_provided_description: string | null;
  readonly create_status?: string;
  readonly created_at: string;
  readonly cron_finished_at?: string | null;
  readonly cron_next_run?: string | null;
  readonly database_size?: number | null;
  readonly extended?: Readonly<Record<string, unknown>>;
  readonly generation?: {
    readonly id: string;
    readonly name: string;
  };
  readonly git_url: string;
  readonly id: string;
  readonly internal_routing: boolean | null;
  readonly joined: boolean;
  readonly locked: boolean;
  readonly maintenance: boolean;
  readonly name: string;
  readonly organization?: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly owner: {
    readonly email: string;
    readonly id: string;
  } | null;
  readonly process_tier?: string;
  readonly region: {
    readonly id: string;
    readonly name: string;
  };
  readonly released_at: string | null;
  readonly repo_size: number | null;
  readonly slug_size: number | null;
  readonly space: {
    readonly id: string;
    readonly name: string;
    readonly shield?: boolean;
  } | null;
  readonly stack: {
    readonly id: string;
    readonly name: string;
  };
  readonly team: {
    readonly id?: string;
    readonly name: string;
  } | null;
  readonly updated_at: string;
  readonly web_url: string | null;
}

export interface TeamAppCollaborator {
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly created_at: string;
  readonly id: string;
  readonly permissions: ReadonlyArray<TeamAppPermission>;
  readonly role: "admin" | "collaborator" | "member" | "owner" | null;
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly federated: boolean;
    readonly id: string;
  };
}

export interface TeamAppPermission {
  readonly description: string;
  readonly name: string;
}

export interface TeamAppSdk {
  readonly acm?: boolean;
  readonly archived_at: string | null;
  readonly base_image_name: string | null;
  readonly build_stack: {
    readonly id: string;
    readonly name: string;
  };
  readonly buildpack_provided_description: string | null;
  readonly buildpacks: ReadonlyArray<{
    readonly homepage: string;
    readonly id: string;
    readonly version: string;
  }> | null;
  readonly create_status?: string;
  readonly created_at: string;
  readonly cron_finished_at?: string | null;
  readonly cron_next_run?: string | null;
  readonly current_build_architecture: ReadonlyArray<unknown>;
  readonly database_size?: number | null;
  readonly extended?: Readonly<Record<string, unknown>>;
  readonly generation: string;
  readonly git_url: string;
  readonly id: string;
  readonly internal_routing: boolean | null;
  readonly joined: boolean;
  readonly locked: boolean;
  readonly maintenance: boolean;
  readonly name: string;
  readonly organization?: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly owner: {
    readonly email: string;
    readonly id: string;
  } | null;
  readonly process_tier?: string;
  readonly region: {
    readonly id: string;
    readonly name: string;
  };
  readonly released_at: string | null;
  readonly repo_size: number | null;
  readonly slug_size: number | null;
  readonly space: {
    readonly id: string;
    readonly name: string;
    readonly shield?: boolean;
  } | null;
  readonly stack: {
    readonly id: string;
    readonly name: string;
  };
  readonly team: {
    readonly id?: string;
    readonly name: string;
  } | null;
  readonly updated_at: string;
  readonly web_url: string | null;
}

export interface TeamDailyUsage {
  readonly addons: number;
  readonly apps: ReadonlyArray<{
    readonly addons: number;
    readonly app_name: string;
    readonly data: number;
    readonly dynos: number;
    readonly partner: number;
  }>;
  readonly data: number;
  readonly date: string;
  readonly dynos: number;
  readonly id: string;
  readonly name: string;
  readonly partner: number;
  readonly space: number;
}

export interface TeamDelinquency {
  readonly scheduled_deletion_time: string | null;
  readonly scheduled_suspension_time: string | null;
}

export interface TeamFeature {
  readonly created_at: string;
  readonly description: string;
  readonly display_name: string;
  readonly doc_url: string;
  readonly enabled: boolean;
  readonly feedback_email: string;
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly updated_at: string;
}

export interface TeamInvitation {
  readonly created_at: string;
  readonly id: string;
  readonly invited_by: {
    readonly email: string;
    readonly id: string;
    readonly name: string | null;
  };
  readonly role: "admin" | "collaborator" | "member" | "owner" | null;
  readonly team: {
    readonly id: string;
    readonly name: string;
  };
  readonly updated_at: string;
  readonly user: {
    readonly email: string;
    readonly id: string;
    readonly name: string | null;
  };
}

export interface TeamInvoice {
  readonly addons_total: number;
  readonly charges_total: number;
  readonly created_at: string;
  readonly credits_total: number;
  readonly database_total: number;
  readonly dyno_units: number;
  readonly id: string;
  readonly number: number;
  readonly payment_status: string;
  readonly period_end: string;
  readonly period_start: string;
  readonly platform_total: number;
  readonly state: number;
  readonly total: number;
  readonly updated_at: string;
  readonly weighted_dyno_hours: number;
}

export interface TeamLicense {
  readonly code: string;
  readonly consumed: number;
  readonly end_date: string;
  readonly name: string;
  readonly qty: number;
  readonly start_date: string;
}

export interface TeamLicenseCollection {
  readonly licenses: ReadonlyArray<TeamLicense>;
  readonly period: string;
}

export interface TeamMember {
  readonly created_at: string;
  readonly email: string;
  readonly federated: boolean;
  readonly id?: string;
  readonly identity_provider?: {
    readonly id: string;
    readonly name: string;
    readonly owner: {
      readonly id: string;
      readonly name?: string;
      readonly type: "enterprise-account" | "team";
    };
    readonly redacted: boolean;
  } | null;
  readonly role?: "admin" | "collaborator" | "member" | "owner" | null;
  readonly two_factor_authentication?: boolean;
  readonly updated_at: string;
  readonly user?: {
    readonly email: string;
    readonly id: string;
    readonly name: string | null;
  };
}

export interface TeamMonthlyUsage {
  readonly addons: number;
  readonly apps: ReadonlyArray<{
    readonly addons: number;
    readonly app_name: string;
    readonly data: number;
    readonly dynos: number;
    readonly partner: number;
  }>;
  readonly connect: number;
  readonly data: number;
  readonly dynos: number;
  readonly id: string;
  readonly month: string;
  readonly name: string;
  readonly partner: number;
  readonly space: number;
}

export interface TeamPreferences {
  readonly "addons-controls": boolean | null;
  readonly "default-permission": "admin" | "member" | "viewer" | null;
}

export interface TeamSdk {
  readonly created_at: string;
  readonly credit_card_collections: boolean;
  readonly default: boolean;
  readonly enterprise_account: {
    readonly id: string;
    readonly name: string;
  } | null;
  readonly id: string;
  readonly identity_provider: {
    readonly id: string;
    readonly name: string;
    readonly owner: {
      readonly id: string;
      readonly name?: string;
      readonly type: "enterprise-account" | "team";
    };
  } | null;
  readonly membership_limit: number | null;
  readonly name: string;
  readonly pipeline_cost_consent_at: string | null;
  readonly pipeline_cost_consent_user_email: string | null;
  readonly provisioned_licenses: boolean;
  readonly role: "admin" | "collaborator" | "member" | "owner" | null;
  readonly scheduled_deletion_time?: string | null;
  readonly scheduled_suspension_time?: string | null;
  readonly type: "enterprise" | "team";
  readonly updated_at: string;
}

export interface TeamUsage {
  readonly apps: ReadonlyArray<{
    readonly addons: ReadonlyArray<{
      readonly id: string;
      readonly meters: Readonly<Record<string, {
        readonly quantity: number;
      }>>;
    }>;
    readonly id: string;
  }>;
}

export interface TelemetryDrain {
  readonly created_at: string;
  readonly exporter: {
    readonly endpoint: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly type: "otlp" | "otlphttp" | "splunk";
  };
  readonly id: string;
  readonly owner: {
    readonly id: string;
    readonly type: "app" | "space";
  };
  readonly signals: ReadonlyArray<"logs" | "metrics" | "traces">;
  readonly updated_at: string;
}

export interface TelemetryIngressInfo {
  readonly expires_at: string;
  readonly id_token: string;
  readonly token_type: string;
  readonly transports: {
    readonly http: string;
    readonly logpex: string;
  };
}

export interface TestCase {
  readonly created_at: string;
  readonly description: string;
  readonly diagnostic: string;
  readonly directive: string;
  readonly id: string;
  readonly number: number;
  readonly passed: boolean;
  readonly test_node: {
    readonly id: string;
  };
  readonly test_run: {
    readonly id: string;
  };
  readonly updated_at: string;
}

export interface TestNode {
  readonly created_at: string;
  readonly dyno: {
    readonly attach_url: string | null;
    readonly id: string;
  } | null;
  readonly error_status: string | null;
  readonly exit_code: number | null;
  readonly id: string;
  readonly index: number;
  readonly message: string | null;
  readonly output_stream_url: string;
  readonly pipeline: {
    readonly id: string;
  };
  readonly setup_stream_url: string;
  readonly status: "building" | "cancelled" | "creating" | "debugging" | "errored" | "failed" | "pending" | "running" | "succeeded";
  readonly test_run: {
    readonly id: string;
  };
  readonly updated_at: string;
}

export interface TestRun {
  readonly actor_email: string;
  readonly app_setup: Readonly<Record<string, unknown>> | null;
  readonly clear_cache: boolean | null;
  readonly commit_branch: string;
  readonly commit_message: string;
  readonly commit_sha: string;
  readonly created_at: string;
  readonly debug: boolean;
  readonly dyno: {
    readonly size: string;
  } | null;
  readonly id: string;
  readonly message: string | null;
  readonly number: number;
  readonly organization: {
    readonly name: string;
  } | null;
  readonly pipeline: {
    readonly id: string;
  };
  readonly source_blob_url: string;
  readonly status: "building" | "cancelled" | "creating" | "debugging" | "errored" | "failed" | "pending" | "running" | "succeeded";
  readonly updated_at: string;
  readonly user: Account;
  readonly warning_message: string | null;
}

export interface TestRunSdk {
  readonly actor_email: string;
  readonly app_setup: Readonly<Record<string, unknown>> | null;
  readonly clear_cache: boolean | null;
  readonly commit_branch: string;
  readonly commit_message: string;
  readonly commit_sha: string;
  readonly created_at: string;
  readonly debug: boolean;
  readonly dyno: {
    readonly size: string;
  } | null;
  readonly id: string;
  readonly message: string | null;
  readonly number: number;
  readonly organization: {
    readonly name: string;
  } | null;
  readonly pipeline: {
    readonly id: string;
  };
  readonly source_blob_url: string;
  readonly status: "building" | "cancelled" | "creating" | "debugging" | "errored" | "failed" | "pending" | "running" | "succeeded";
  readonly updated_at: string;
  readonly user: AccountSdk;
  readonly warning_message: string | null;
}

export interface TouchedRelease {
  readonly app: {
    readonly id: string;
    readonly name: string;
  };
  readonly current: boolean;
  readonly packages: ReadonlyArray<{
    readonly development: boolean;
    readonly fixed: ReadonlyArray<string>;
    readonly package: string;
    readonly version: string;
  }>;
  readonly release: {
    readonly id: string;
    readonly version: number;
  };
}

export interface Usage {
  readonly addons: ReadonlyArray<{
    readonly id: string;
    readonly meters: Readonly<Record<string, {
      readonly quantity: number;
    }>>;
  }>;
}

export interface UsageHistory {
  readonly bucket_resolution: "P1D" | "PT1H" | "PT2H" | "PT4H" | "PT6H";
  readonly resource_id: string;
  readonly usage: ReadonlyArray<{
    readonly meter_key: string;
    readonly usage_data_points: ReadonlyArray<number>;
  }>;
  readonly usage_timestamps: ReadonlyArray<string>;
}

export interface UserPreferences {
  readonly "default-organization": string | null;
  readonly "dismissed-getting-started": boolean | null;
  readonly "dismissed-github-banner": boolean | null;
  readonly "dismissed-org-access-controls": boolean | null;
  readonly "dismissed-org-wizard-notification": boolean | null;
  readonly "dismissed-pipelines-banner": boolean | null;
  readonly "dismissed-pipelines-github-banner": boolean | null;
  readonly "dismissed-pipelines-github-banners": ReadonlyArray<string> | null;
  readonly "dismissed-sms-banner": boolean | null;
  readonly timezone: string | null;
}

export interface VpnConnection {
  readonly id: string;
  readonly ike_version: number;
  readonly name: string;
  readonly public_ip: string;
  readonly routable_cidrs: ReadonlyArray<string>;
  readonly space_cidr_block: string;
  readonly status: "active" | "deprovisioning" | "failed" | "pending" | "provisioning";
  readonly status_message: string;
  readonly tunnels: ReadonlyArray<{
    readonly customer_ip: string;
    readonly ike_version?: number;
    readonly ip: string;
    readonly last_status_change: string;
    readonly pre_shared_key: string;
    readonly routable_cidr?: string;
    readonly status: "DOWN" | "UP";
    readonly status_message: string;
    readonly tunnel_id?: string;
  }>;
}
