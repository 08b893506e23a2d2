// @generated made by contract/generate.ts from contract/description and contract/supplement

import type { RouteDescription } from "../route-description.ts";

export const routes: readonly RouteDescription[] = [
  {
    "key": "DELETE /account",
    "method": "DELETE",
    "path": "/account",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "account",
    "operations": [{ "title": "Close one's own account", "rel": "destroy", "status": 200, "list": false, "response": "account" }],
    "origin": "schema"
  },
  {
    "key": "GET /account",
    "method": "GET",
    "path": "/account",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "account",
    "operations": [{ "title": "Show one's own account", "rel": "self", "status": 200, "list": false, "response": "account" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /account",
    "method": "PATCH",
    "path": "/account",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "account",
    "operations": [{ "title": "Change one's own account", "rel": "update", "status": 200, "list": false, "response": "account" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/app-transfers",
    "method": "GET",
    "path": "/account/app-transfers",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "app-transfer",
    "operations": [{ "title": "List app transfers", "rel": "instances", "status": 200, "list": true, "response": "app-transfer" }],
    "origin": "schema"
  },
  {
    "key": "POST /account/app-transfers",
    "method": "POST",
    "path": "/account/app-transfers",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "app-transfer",
    "operations": [{ "title": "Create an app transfer", "rel": "create", "status": 201, "list": false, "response": "app-transfer" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /account/app-transfers/{app_transfer}",
    "method": "DELETE",
    "path": "/account/app-transfers/{app_transfer}",
    "params": ["app_transfer"],
    "variants": ["base", "sdk"],
    "resource": "app-transfer",
    "operations": [{ "title": "Delete an app transfer", "rel": "destroy", "status": 200, "list": false, "response": "app-transfer" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/app-transfers/{app_transfer}",
    "method": "GET",
    "path": "/account/app-transfers/{app_transfer}",
    "params": ["app_transfer"],
    "variants": ["base", "sdk"],
    "resource": "app-transfer",
    "operations": [{ "title": "Show an app transfer", "rel": "self", "status": 200, "list": false, "response": "app-transfer" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /account/app-transfers/{app_transfer}",
    "method": "PATCH",
    "path": "/account/app-transfers/{app_transfer}",
    "params": ["app_transfer"],
    "variants": ["base", "sdk"],
    "resource": "app-transfer",
    "operations": [{ "title": "Change an app transfer", "rel": "update", "status": 200, "list": false, "response": "app-transfer" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/credits",
    "method": "GET",
    "path": "/account/credits",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "credit",
    "operations": [{ "title": "List credits", "rel": "instances", "status": 200, "list": true, "response": "credit" }],
    "origin": "schema"
  },
  {
    "key": "POST /account/credits",
    "method": "POST",
    "path": "/account/credits",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "credit",
    "operations": [{ "title": "Create a credit", "rel": "create", "status": 201, "list": false, "response": "credit" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/credits/{credit}",
    "method": "GET",
    "path": "/account/credits/{credit}",
    "params": ["credit"],
    "variants": ["base", "sdk"],
    "resource": "credit",
    "operations": [{ "title": "Show a credit", "rel": "self", "status": 200, "list": false, "response": "credit" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/delinquency",
    "method": "GET",
    "path": "/account/delinquency",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "account-delinquency",
    "operations": [{ "title": "Show the account delinquency", "rel": "self", "status": 200, "list": false, "response": "account-delinquency" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/features",
    "method": "GET",
    "path": "/account/features",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "account-feature",
    "operations": [{ "title": "List account features", "rel": "instances", "status": 200, "list": true, "response": "account-feature" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/features/{account_feature}",
    "method": "GET",
    "path": "/account/features/{account_feature}",
    "params": ["account_feature"],
    "variants": ["base", "sdk"],
    "resource": "account-feature",
    "operations": [{ "title": "Show an account feature", "rel": "self", "status": 200, "list": false, "response": "account-feature" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /account/features/{account_feature}",
    "method": "PATCH",
    "path": "/account/features/{account_feature}",
    "params": ["account_feature"],
    "variants": ["base", "sdk"],
    "resource": "account-feature",
    "operations": [{ "title": "Change an account feature", "rel": "update", "status": 200, "list": false, "response": "account-feature" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/invoice-address",
    "method": "GET",
    "path": "/account/invoice-address",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "invoice-address",
    "operations": [{ "title": "Show an invoice address", "rel": "self", "status": 200, "list": false, "response": "invoice-address" }],
    "origin": "schema"
  },
  {
    "key": "PUT /account/invoice-address",
    "method": "PUT",
    "path": "/account/invoice-address",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "invoice-address",
    "operations": [{ "title": "Change an invoice address", "rel": "self", "status": 200, "list": false, "response": "invoice-address" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/invoices",
    "method": "GET",
    "path": "/account/invoices",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "invoice",
    "operations": [{ "title": "List invoices", "rel": "instances", "status": 200, "list": true, "response": "invoice" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/invoices/{invoice}",
    "method": "GET",
    "path": "/account/invoices/{invoice}",
    "params": ["invoice"],
    "variants": ["base", "sdk"],
    "resource": "invoice",
    "operations": [{ "title": "Show an invoice", "rel": "self", "status": 200, "list": false, "response": "invoice" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/keys",
    "method": "GET",
    "path": "/account/keys",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "key",
    "operations": [{ "title": "List keys", "rel": "instances", "status": 200, "list": true, "response": "key" }],
    "origin": "schema"
  },
  {
    "key": "POST /account/keys",
    "method": "POST",
    "path": "/account/keys",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "key",
    "operations": [{ "title": "Create a key", "rel": "create", "status": 201, "list": false, "response": "key" }],
    "origin": "supplement"
  },
  {
    "key": "DELETE /account/keys/{key}",
    "method": "DELETE",
    "path": "/account/keys/{key}",
    "params": ["key"],
    "variants": ["base", "sdk"],
    "resource": "key",
    "operations": [{ "title": "Delete a key", "rel": "destroy", "status": 200, "list": false, "response": "key" }],
    "origin": "supplement"
  },
  {
    "key": "GET /account/keys/{key}",
    "method": "GET",
    "path": "/account/keys/{key}",
    "params": ["key"],
    "variants": ["base", "sdk"],
    "resource": "key",
    "operations": [{ "title": "Show a key", "rel": "self", "status": 200, "list": false, "response": "key" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/payment-method",
    "method": "GET",
    "path": "/account/payment-method",
    "params": [],
    "variants": ["sdk"],
    "resource": "payment-method",
    "operations": [{ "title": "Show a payment method", "rel": "self", "status": 200, "list": false, "response": "payment-method" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /account/payment-method",
    "method": "PATCH",
    "path": "/account/payment-method",
    "params": [],
    "variants": ["sdk"],
    "resource": "payment-method",
    "operations": [{ "title": "Change a payment method", "rel": "update", "status": 200, "list": false, "response": "payment-method" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/payment-method/apps",
    "method": "GET",
    "path": "/account/payment-method/apps",
    "params": [],
    "variants": ["sdk"],
    "resource": "payment-method",
    "operations": [{ "title": "List the apps that the payment method pays for", "rel": "instances", "status": 200, "list": true, "response": "app" }],
    "origin": "schema"
  },
  {
    "key": "POST /account/payments",
    "method": "POST",
    "path": "/account/payments",
    "params": [],
    "variants": ["sdk"],
    "resource": "payment",
    "operations": [{ "title": "Pay an invoice of the account", "rel": "self", "status": 200, "list": false, "response": "payment" }],
    "origin": "schema"
  },
  {
    "key": "GET /account/rate-limits",
    "method": "GET",
    "path": "/account/rate-limits",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "rate-limit",
    "operations": [{ "title": "Show how many requests are left", "rel": "self", "status": 200, "list": false, "response": "rate-limit" }],
    "origin": "schema"
  },
  {
    "key": "GET /accounts/{account}/actions/get-quota",
    "method": "GET",
    "path": "/accounts/{account}/actions/get-quota",
    "params": ["account"],
    "variants": ["base", "sdk"],
    "resource": "account-quota",
    "operations": [{ "title": "Show the eco dyno hours of an account", "rel": "self", "status": 200, "list": false, "response": "account-quota" }],
    "origin": "supplement"
  },
  {
    "key": "POST /actions/addon-attachments/resolve",
    "method": "POST",
    "path": "/actions/addon-attachments/resolve",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "add-on-attachment",
    "operations": [
      { "title": "Find the attachments that a name or id may mean", "rel": "instances", "status": 200, "list": true, "response": "add-on-attachment" }
    ],
    "origin": "schema"
  },
  {
    "key": "POST /actions/addons/resolve",
    "method": "POST",
    "path": "/actions/addons/resolve",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "add-on",
    "operations": [{ "title": "Find the add-ons that a name or id may mean", "rel": "instances", "status": 200, "list": true, "response": "add-on" }],
    "origin": "schema"
  },
  {
    "key": "GET /addon-attachments",
    "method": "GET",
    "path": "/addon-attachments",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "add-on-attachment",
    "operations": [{ "title": "List add-on attachments", "rel": "instances", "status": 200, "list": true, "response": "add-on-attachment" }],
    "origin": "schema"
  },
  {
    "key": "POST /addon-attachments",
    "method": "POST",
    "path": "/addon-attachments",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "add-on-attachment",
    "operations": [{ "title": "Create an add-on attachment", "rel": "create", "status": 201, "list": false, "response": "add-on-attachment" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /addon-attachments/{add_on_attachment}",
    "method": "DELETE",
    "path": "/addon-attachments/{add_on_attachment}",
    "params": ["add_on_attachment"],
    "variants": ["base", "sdk"],
    "resource": "add-on-attachment",
    "operations": [{ "title": "Delete an add-on attachment", "rel": "destroy", "status": 200, "list": false, "response": "add-on-attachment" }],
    "origin": "schema"
  },
  {
    "key": "GET /addon-attachments/{add_on_attachment}",
    "method": "GET",
    "path": "/addon-attachments/{add_on_attachment}",
    "params": ["add_on_attachment"],
    "variants": ["base", "sdk"],
    "resource": "add-on-attachment",
    "operations": [{ "title": "Show an add-on attachment", "rel": "self", "status": 200, "list": false, "response": "add-on-attachment" }],
    "origin": "schema"
  },
  {
    "key": "GET /addon-attachments/{add_on_attachment}/telemetry-ingress-info",
    "method": "GET",
    "path": "/addon-attachments/{add_on_attachment}/telemetry-ingress-info",
    "params": ["add_on_attachment"],
    "variants": ["sdk"],
    "resource": "telemetry-ingress-info",
    "operations": [
      { "title": "Show the telemetry ingress info of an add-on attachment", "rel": "self", "status": 200, "list": false, "response": "telemetry-ingress-info" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /addon-region-capabilities",
    "method": "GET",
    "path": "/addon-region-capabilities",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "add-on-region-capability",
    "operations": [{ "title": "List add-on region capabilities", "rel": "instances", "status": 200, "list": true, "response": "add-on-region-capability" }],
    "origin": "schema"
  },
  {
    "key": "GET /addon-services",
    "method": "GET",
    "path": "/addon-services",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "add-on-service",
    "operations": [{ "title": "List add-on services", "rel": "instances", "status": 200, "list": true, "response": "add-on-service" }],
    "origin": "schema"
  },
  {
    "key": "GET /addon-services/{add_on_service}",
    "method": "GET",
    "path": "/addon-services/{add_on_service}",
    "params": ["add_on_service"],
    "variants": ["base", "sdk"],
    "resource": "add-on-service",
    "operations": [{ "title": "Show an add-on service", "rel": "self", "status": 200, "list": false, "response": "add-on-service" }],
    "origin": "schema"
  },
  {
    "key": "GET /addon-services/{add_on_service}/plans",
    "method": "GET",
    "path": "/addon-services/{add_on_service}/plans",
    "params": ["add_on_service"],
    "variants": ["base", "sdk"],
    "resource": "plan",
    "operations": [{ "title": "List plans of an add-on service", "rel": "instances", "status": 200, "list": true, "response": "plan" }],
    "origin": "schema"
  },
  {
    "key": "GET /addon-services/{add_on_service}/plans/{plan}",
    "method": "GET",
    "path": "/addon-services/{add_on_service}/plans/{plan}",
    "params": ["add_on_service", "plan"],
    "variants": ["base", "sdk"],
    "resource": "plan",
    "operations": [{ "title": "Show a plan of an add-on service", "rel": "self", "status": 200, "list": false, "response": "plan" }],
    "origin": "schema"
  },
  {
    "key": "GET /addon-services/{add_on_service}/region-capabilities",
    "method": "GET",
    "path": "/addon-services/{add_on_service}/region-capabilities",
    "params": ["add_on_service"],
    "variants": ["base", "sdk"],
    "resource": "add-on-region-capability",
    "operations": [
      {
        "title": "List add-on region capabilities of an add-on service",
        "rel": "instances",
        "status": 200,
        "list": true,
        "response": "add-on-region-capability"
      }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /addons",
    "method": "GET",
    "path": "/addons",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "add-on",
    "operations": [{ "title": "List add-ons", "rel": "instances", "status": 200, "list": true, "response": "add-on" }],
    "origin": "schema"
  },
  {
    "key": "GET /addons/{add_on}",
    "method": "GET",
    "path": "/addons/{add_on}",
    "params": ["add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on",
    "operations": [{ "title": "Show an add-on", "rel": "self", "status": 200, "list": false, "response": "add-on" }],
    "origin": "schema"
  },
  {
    "key": "POST /addons/{add_on}/actions/deprovision",
    "method": "POST",
    "path": "/addons/{add_on}/actions/deprovision",
    "params": ["add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on-action",
    "operations": [{ "title": "Report that an add-on is gone", "rel": "update", "status": 200, "list": false, "response": "add-on" }],
    "origin": "schema"
  },
  {
    "key": "POST /addons/{add_on}/actions/peer",
    "method": "POST",
    "path": "/addons/{add_on}/actions/peer",
    "params": ["add_on"],
    "variants": ["sdk"],
    "resource": "add-on-action",
    "operations": [{ "title": "Peer the network of an add-on", "rel": "empty", "status": 202, "list": false, "response": null }],
    "origin": "schema"
  },
  {
    "key": "POST /addons/{add_on}/actions/provision",
    "method": "POST",
    "path": "/addons/{add_on}/actions/provision",
    "params": ["add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on-action",
    "operations": [{ "title": "Report that an add-on is ready", "rel": "update", "status": 200, "list": false, "response": "add-on" }],
    "origin": "schema"
  },
  {
    "key": "POST /addons/{add_on}/actions/unpeer",
    "method": "POST",
    "path": "/addons/{add_on}/actions/unpeer",
    "params": ["add_on"],
    "variants": ["sdk"],
    "resource": "add-on-action",
    "operations": [{ "title": "End the peering of an add-on's network", "rel": "empty", "status": 202, "list": false, "response": null }],
    "origin": "schema"
  },
  {
    "key": "GET /addons/{add_on}/addon-attachments",
    "method": "GET",
    "path": "/addons/{add_on}/addon-attachments",
    "params": ["add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on-attachment",
    "operations": [{ "title": "List attachments of an add-on", "rel": "instances", "status": 200, "list": true, "response": "add-on-attachment" }],
    "origin": "schema"
  },
  {
    "key": "GET /addons/{add_on}/config",
    "method": "GET",
    "path": "/addons/{add_on}/config",
    "params": ["add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on-config",
    "operations": [{ "title": "List the config of an add-on", "rel": "instances", "status": 200, "list": true, "response": "add-on-config" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /addons/{add_on}/config",
    "method": "PATCH",
    "path": "/addons/{add_on}/config",
    "params": ["add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on-config",
    "operations": [{ "title": "Change the config of an add-on", "rel": "update", "status": 200, "list": true, "response": "add-on-config" }],
    "origin": "schema"
  },
  {
    "key": "GET /addons/{add_on}/config/{credential}",
    "method": "GET",
    "path": "/addons/{add_on}/config/{credential}",
    "params": ["add_on", "credential"],
    "variants": ["base", "sdk"],
    "resource": "add-on-config",
    "operations": [{ "title": "List the config of one credential of an add-on", "rel": "instances", "status": 200, "list": true, "response": "add-on-config" }],
    "origin": "supplement"
  },
  {
    "key": "GET /addons/{add_on}/log-drains",
    "method": "GET",
    "path": "/addons/{add_on}/log-drains",
    "params": ["add_on"],
    "variants": ["base", "sdk"],
    "resource": "log-drain",
    "operations": [{ "title": "List log drains of an add-on", "rel": "instances", "status": 200, "list": true, "response": "log-drain" }],
    "origin": "schema"
  },
  {
    "key": "PUT /addons/{add_on}/log-drains/{log_drain}",
    "method": "PUT",
    "path": "/addons/{add_on}/log-drains/{log_drain}",
    "params": ["add_on", "log_drain"],
    "variants": ["base", "sdk"],
    "resource": "log-drain",
    "operations": [{ "title": "Change a log drain of an add-on", "rel": "update", "status": 200, "list": false, "response": "log-drain" }],
    "origin": "schema"
  },
  {
    "key": "GET /addons/{add_on}/sso",
    "method": "GET",
    "path": "/addons/{add_on}/sso",
    "params": ["add_on"],
    "variants": ["sdk"],
    "resource": "add-on-sso",
    "operations": [{ "title": "Show how to open the dashboard of an add-on", "rel": "self", "status": 200, "list": false, "response": "add-on-sso" }],
    "origin": "schema"
  },
  {
    "key": "GET /addons/{add_on}/webhook-deliveries",
    "method": "GET",
    "path": "/addons/{add_on}/webhook-deliveries",
    "params": ["add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on-webhook-delivery",
    "operations": [{ "title": "List webhook deliveries of an add-on", "rel": "instances", "status": 200, "list": true, "response": "app-webhook-delivery" }],
    "origin": "schema"
  },
  {
    "key": "GET /addons/{add_on}/webhook-deliveries/{app_webhook_delivery}",
    "method": "GET",
    "path": "/addons/{add_on}/webhook-deliveries/{app_webhook_delivery}",
    "params": ["add_on", "app_webhook_delivery"],
    "variants": ["base", "sdk"],
    "resource": "add-on-webhook-delivery",
    "operations": [{ "title": "Show a webhook delivery of an add-on", "rel": "self", "status": 200, "list": false, "response": "app-webhook-delivery" }],
    "origin": "schema"
  },
  {
    "key": "GET /addons/{add_on}/webhook-events",
    "method": "GET",
    "path": "/addons/{add_on}/webhook-events",
    "params": ["add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on-webhook-event",
    "operations": [{ "title": "List webhook events of an add-on", "rel": "instances", "status": 200, "list": true, "response": "app-webhook-event" }],
    "origin": "schema"
  },
  {
    "key": "GET /addons/{add_on}/webhook-events/{app_webhook_event}",
    "method": "GET",
    "path": "/addons/{add_on}/webhook-events/{app_webhook_event}",
    "params": ["add_on", "app_webhook_event"],
    "variants": ["base", "sdk"],
    "resource": "add-on-webhook-event",
    "operations": [{ "title": "Show a webhook event of an add-on", "rel": "self", "status": 200, "list": false, "response": "app-webhook-event" }],
    "origin": "schema"
  },
  {
    "key": "GET /addons/{add_on}/webhooks",
    "method": "GET",
    "path": "/addons/{add_on}/webhooks",
    "params": ["add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on-webhook",
    "operations": [{ "title": "List webhooks of an add-on", "rel": "instances", "status": 200, "list": true, "response": "add-on-webhook" }],
    "origin": "schema"
  },
  {
    "key": "POST /addons/{add_on}/webhooks",
    "method": "POST",
    "path": "/addons/{add_on}/webhooks",
    "params": ["add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on-webhook",
    "operations": [{ "title": "Create a webhook of an add-on", "rel": "create", "status": 201, "list": false, "response": "add-on-webhook" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /addons/{add_on}/webhooks/{app_webhook}",
    "method": "DELETE",
    "path": "/addons/{add_on}/webhooks/{app_webhook}",
    "params": ["add_on", "app_webhook"],
    "variants": ["base", "sdk"],
    "resource": "add-on-webhook",
    "operations": [{ "title": "Delete a webhook of an add-on", "rel": "destroy", "status": 200, "list": false, "response": "add-on-webhook" }],
    "origin": "schema"
  },
  {
    "key": "GET /addons/{add_on}/webhooks/{app_webhook}",
    "method": "GET",
    "path": "/addons/{add_on}/webhooks/{app_webhook}",
    "params": ["add_on", "app_webhook"],
    "variants": ["base", "sdk"],
    "resource": "add-on-webhook",
    "operations": [{ "title": "Show a webhook of an add-on", "rel": "self", "status": 200, "list": false, "response": "add-on-webhook" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /addons/{add_on}/webhooks/{app_webhook}",
    "method": "PATCH",
    "path": "/addons/{add_on}/webhooks/{app_webhook}",
    "params": ["add_on", "app_webhook"],
    "variants": ["base", "sdk"],
    "resource": "add-on-webhook",
    "operations": [{ "title": "Change a webhook of an add-on", "rel": "update", "status": 200, "list": false, "response": "add-on-webhook" }],
    "origin": "schema"
  },
  {
    "key": "GET /advisories/{advisory}/releases",
    "method": "GET",
    "path": "/advisories/{advisory}/releases",
    "params": ["advisory"],
    "variants": ["base", "sdk"],
    "resource": "touched-release",
    "operations": [{ "title": "List touched releases of an advisory", "rel": "instances", "status": 200, "list": true, "response": "touched-release" }],
    "origin": "supplement"
  },
  {
    "key": "POST /app-setups",
    "method": "POST",
    "path": "/app-setups",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "app-setup",
    "operations": [{ "title": "Create an app setup", "rel": "create", "status": 201, "list": false, "response": "app-setup" }],
    "origin": "schema"
  },
  {
    "key": "GET /app-setups/{app_setup}",
    "method": "GET",
    "path": "/app-setups/{app_setup}",
    "params": ["app_setup"],
    "variants": ["base", "sdk"],
    "resource": "app-setup",
    "operations": [{ "title": "Show an app setup", "rel": "self", "status": 200, "list": false, "response": "app-setup" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps",
    "method": "GET",
    "path": "/apps",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "app",
    "operations": [{ "title": "List apps", "rel": "instances", "status": 200, "list": true, "response": "app" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps",
    "method": "POST",
    "path": "/apps",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "app",
    "operations": [{ "title": "Create an app", "rel": "create", "status": 201, "list": false, "response": "app" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}",
    "method": "DELETE",
    "path": "/apps/{app}",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "app",
    "operations": [{ "title": "Delete an app", "rel": "destroy", "status": 200, "list": false, "response": "app" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}",
    "method": "GET",
    "path": "/apps/{app}",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "app",
    "operations": [{ "title": "Show an app", "rel": "self", "status": 200, "list": false, "response": "app" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /apps/{app}",
    "method": "PATCH",
    "path": "/apps/{app}",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "app",
    "operations": [{ "title": "Change an app", "rel": "update", "status": 200, "list": false, "response": "app" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}/acm",
    "method": "DELETE",
    "path": "/apps/{app}/acm",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "app",
    "operations": [{ "title": "Turn off managed certificates for an app", "rel": "destroy", "status": 200, "list": false, "response": "app" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /apps/{app}/acm",
    "method": "PATCH",
    "path": "/apps/{app}/acm",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "app",
    "operations": [{ "title": "Renew the managed certificates of an app", "rel": "update", "status": 200, "list": false, "response": "app" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/acm",
    "method": "POST",
    "path": "/apps/{app}/acm",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "app",
    "operations": [{ "title": "Turn on managed certificates for an app", "rel": "update", "status": 200, "list": false, "response": "app" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/addon-attachments",
    "method": "GET",
    "path": "/apps/{app}/addon-attachments",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "add-on-attachment",
    "operations": [{ "title": "List add-on attachments of an app", "rel": "instances", "status": 200, "list": true, "response": "add-on-attachment" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/addon-attachments/{add_on_attachment}",
    "method": "GET",
    "path": "/apps/{app}/addon-attachments/{add_on_attachment}",
    "params": ["app", "add_on_attachment"],
    "variants": ["base", "sdk"],
    "resource": "add-on-attachment",
    "operations": [{ "title": "Show an add-on attachment of an app", "rel": "self", "status": 200, "list": false, "response": "add-on-attachment" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/addons",
    "method": "GET",
    "path": "/apps/{app}/addons",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "add-on",
    "operations": [{ "title": "List add-ons of an app", "rel": "instances", "status": 200, "list": true, "response": "add-on" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/addons",
    "method": "POST",
    "path": "/apps/{app}/addons",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "add-on",
    "operations": [{ "title": "Add an add-on to an app", "rel": "create", "status": 201, "list": false, "response": "add-on" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}/addons/{add_on}",
    "method": "DELETE",
    "path": "/apps/{app}/addons/{add_on}",
    "params": ["app", "add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on",
    "operations": [{ "title": "Remove an add-on from an app", "rel": "destroy", "status": 200, "list": false, "response": "add-on" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/addons/{add_on}",
    "method": "GET",
    "path": "/apps/{app}/addons/{add_on}",
    "params": ["app", "add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on",
    "operations": [{ "title": "Show an add-on of an app", "rel": "self", "status": 200, "list": false, "response": "add-on" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /apps/{app}/addons/{add_on}",
    "method": "PATCH",
    "path": "/apps/{app}/addons/{add_on}",
    "params": ["app", "add_on"],
    "variants": ["base", "sdk"],
    "resource": "add-on",
    "operations": [{ "title": "Change an add-on of an app", "rel": "update", "status": 200, "list": false, "response": "add-on" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/addons/{add_on}/sso",
    "method": "GET",
    "path": "/apps/{app}/addons/{add_on}/sso",
    "params": ["app", "add_on"],
    "variants": ["sdk"],
    "resource": "add-on-sso",
    "operations": [{ "title": "Show how to open the dashboard of an add-on of an app", "rel": "self", "status": 200, "list": false, "response": "add-on-sso" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/available-dyno-sizes",
    "method": "GET",
    "path": "/apps/{app}/available-dyno-sizes",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "dyno-size",
    "operations": [{ "title": "List the dyno sizes that an app may use", "rel": "instances", "status": 200, "list": true, "response": "dyno-size" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/available-stacks",
    "method": "GET",
    "path": "/apps/{app}/available-stacks",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "stack",
    "operations": [{ "title": "List the stacks that an app may use", "rel": "instances", "status": 200, "list": true, "response": "stack" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}/build-cache",
    "method": "DELETE",
    "path": "/apps/{app}/build-cache",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "build",
    "operations": [{ "title": "Clear the build cache of an app", "rel": "empty", "status": 202, "list": false, "response": null }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/build-metadata",
    "method": "GET",
    "path": "/apps/{app}/build-metadata",
    "params": ["app"],
    "variants": ["sdk"],
    "resource": "build-metadata",
    "operations": [{ "title": "Show the build metadata of an app", "rel": "self", "status": 200, "list": false, "response": "build-metadata" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/buildpack-installations",
    "method": "GET",
    "path": "/apps/{app}/buildpack-installations",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "buildpack-installation",
    "operations": [
      { "title": "List buildpack installations of an app", "rel": "instances", "status": 200, "list": true, "response": "buildpack-installation" }
    ],
    "origin": "schema"
  },
  {
    "key": "PUT /apps/{app}/buildpack-installations",
    "method": "PUT",
    "path": "/apps/{app}/buildpack-installations",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "buildpack-installation",
    "operations": [{ "title": "Change buildpack installations of an app", "rel": "update", "status": 200, "list": true, "response": "buildpack-installation" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/builds",
    "method": "GET",
    "path": "/apps/{app}/builds",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "build",
    "operations": [{ "title": "List builds of an app", "rel": "instances", "status": 200, "list": true, "response": "build" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/builds",
    "method": "POST",
    "path": "/apps/{app}/builds",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "build",
    "operations": [{ "title": "Build an app from a source", "rel": "create", "status": 201, "list": false, "response": "build" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}/builds/{build}",
    "method": "DELETE",
    "path": "/apps/{app}/builds/{build}",
    "params": ["app", "build"],
    "variants": ["base", "sdk"],
    "resource": "build",
    "operations": [{ "title": "Cancel a build of an app", "rel": "self", "status": 200, "list": false, "response": "build" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/builds/{build}",
    "method": "GET",
    "path": "/apps/{app}/builds/{build}",
    "params": ["app", "build"],
    "variants": ["base", "sdk"],
    "resource": "build",
    "operations": [{ "title": "Show a build of an app", "rel": "self", "status": 200, "list": false, "response": "build" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/collaborators",
    "method": "GET",
    "path": "/apps/{app}/collaborators",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "collaborator",
    "operations": [{ "title": "List collaborators of an app", "rel": "instances", "status": 200, "list": true, "response": "collaborator" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/collaborators",
    "method": "POST",
    "path": "/apps/{app}/collaborators",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "collaborator",
    "operations": [{ "title": "Give an account access to an app", "rel": "create", "status": 201, "list": false, "response": "collaborator" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}/collaborators/{collaborator}",
    "method": "DELETE",
    "path": "/apps/{app}/collaborators/{collaborator}",
    "params": ["app", "collaborator"],
    "variants": ["base", "sdk"],
    "resource": "collaborator",
    "operations": [{ "title": "Take away an account's access to an app", "rel": "destroy", "status": 200, "list": false, "response": "collaborator" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/collaborators/{collaborator}",
    "method": "GET",
    "path": "/apps/{app}/collaborators/{collaborator}",
    "params": ["app", "collaborator"],
    "variants": ["base", "sdk"],
    "resource": "collaborator",
    "operations": [{ "title": "Show a collaborator of an app", "rel": "self", "status": 200, "list": false, "response": "collaborator" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/config-vars",
    "method": "GET",
    "path": "/apps/{app}/config-vars",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "config-var",
    "operations": [{ "title": "Show the config vars of an app", "rel": "self", "status": 200, "list": false, "response": "config-var" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /apps/{app}/config-vars",
    "method": "PATCH",
    "path": "/apps/{app}/config-vars",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "config-var",
    "operations": [{ "title": "Set and unset config vars of an app", "rel": "update", "status": 200, "list": false, "response": "config-var" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/config-vars-settings",
    "method": "GET",
    "path": "/apps/{app}/config-vars-settings",
    "params": ["app"],
    "variants": ["sdk"],
    "resource": "config-vars-settings",
    "operations": [{ "title": "List the config vars settings of an app", "rel": "instances", "status": 200, "list": true, "response": "config-vars-settings" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /apps/{app}/config-vars-settings",
    "method": "PATCH",
    "path": "/apps/{app}/config-vars-settings",
    "params": ["app"],
    "variants": ["sdk"],
    "resource": "config-vars-settings",
    "operations": [{ "title": "Change the config vars settings of an app", "rel": "update", "status": 200, "list": true, "response": "config-vars-settings" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/domains",
    "method": "GET",
    "path": "/apps/{app}/domains",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "domain",
    "operations": [{ "title": "List domains of an app", "rel": "instances", "status": 200, "list": true, "response": "domain" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/domains",
    "method": "POST",
    "path": "/apps/{app}/domains",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "domain",
    "operations": [{ "title": "Add a domain to an app", "rel": "create", "status": 201, "list": false, "response": "domain" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}/domains/{domain}",
    "method": "DELETE",
    "path": "/apps/{app}/domains/{domain}",
    "params": ["app", "domain"],
    "variants": ["base", "sdk"],
    "resource": "domain",
    "operations": [{ "title": "Remove a domain from an app", "rel": "destroy", "status": 200, "list": false, "response": "domain" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/domains/{domain}",
    "method": "GET",
    "path": "/apps/{app}/domains/{domain}",
    "params": ["app", "domain"],
    "variants": ["base", "sdk"],
    "resource": "domain",
    "operations": [{ "title": "Show a domain of an app", "rel": "self", "status": 200, "list": false, "response": "domain" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /apps/{app}/domains/{domain}",
    "method": "PATCH",
    "path": "/apps/{app}/domains/{domain}",
    "params": ["app", "domain"],
    "variants": ["base", "sdk"],
    "resource": "domain",
    "operations": [{ "title": "Change a domain of an app", "rel": "update", "status": 200, "list": false, "response": "domain" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}/dynos",
    "method": "DELETE",
    "path": "/apps/{app}/dynos",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "dyno",
    "operations": [{ "title": "Restart all dynos of an app", "rel": "empty", "status": 202, "list": false, "response": null }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/dynos",
    "method": "GET",
    "path": "/apps/{app}/dynos",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "dyno",
    "operations": [{ "title": "List dynos of an app", "rel": "instances", "status": 200, "list": true, "response": "dyno" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/dynos",
    "method": "POST",
    "path": "/apps/{app}/dynos",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "dyno",
    "operations": [{ "title": "Start a one-off dyno of an app", "rel": "create", "status": 201, "list": false, "response": "dyno" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}/dynos/{dyno}",
    "method": "DELETE",
    "path": "/apps/{app}/dynos/{dyno}",
    "params": ["app", "dyno"],
    "variants": ["base", "sdk"],
    "resource": "dyno",
    "operations": [{ "title": "Restart a dyno of an app", "rel": "empty", "status": 202, "list": false, "response": null }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/dynos/{dyno}",
    "method": "GET",
    "path": "/apps/{app}/dynos/{dyno}",
    "params": ["app", "dyno"],
    "variants": ["base", "sdk"],
    "resource": "dyno",
    "operations": [{ "title": "Show a dyno of an app", "rel": "self", "status": 200, "list": false, "response": "dyno" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/dynos/{dyno}",
    "method": "POST",
    "path": "/apps/{app}/dynos/{dyno}",
    "params": ["app", "dyno"],
    "variants": ["sdk"],
    "resource": "dyno-processes",
    "operations": [{ "title": "Run a command inside a dyno of an app", "rel": "create", "status": 201, "list": false, "response": "dyno-processes" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/dynos/{dyno}/actions/stop",
    "method": "POST",
    "path": "/apps/{app}/dynos/{dyno}/actions/stop",
    "params": ["app", "dyno"],
    "variants": ["base", "sdk"],
    "resource": "dyno",
    "operations": [{ "title": "Stop a dyno of an app", "rel": "empty", "status": 202, "list": false, "response": null }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/features",
    "method": "GET",
    "path": "/apps/{app}/features",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "app-feature",
    "operations": [{ "title": "List features of an app", "rel": "instances", "status": 200, "list": true, "response": "app-feature" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/features/{app_feature}",
    "method": "GET",
    "path": "/apps/{app}/features/{app_feature}",
    "params": ["app", "app_feature"],
    "variants": ["base", "sdk"],
    "resource": "app-feature",
    "operations": [{ "title": "Show a feature of an app", "rel": "self", "status": 200, "list": false, "response": "app-feature" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /apps/{app}/features/{app_feature}",
    "method": "PATCH",
    "path": "/apps/{app}/features/{app_feature}",
    "params": ["app", "app_feature"],
    "variants": ["base", "sdk"],
    "resource": "app-feature",
    "operations": [{ "title": "Change a feature of an app", "rel": "update", "status": 200, "list": false, "response": "app-feature" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/formation",
    "method": "GET",
    "path": "/apps/{app}/formation",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "formation",
    "operations": [{ "title": "List the process types of an app", "rel": "instances", "status": 200, "list": true, "response": "formation" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /apps/{app}/formation",
    "method": "PATCH",
    "path": "/apps/{app}/formation",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "formation",
    "operations": [{ "title": "Scale several process types of an app", "rel": "update", "status": 200, "list": true, "response": "formation" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/formation/{formation}",
    "method": "GET",
    "path": "/apps/{app}/formation/{formation}",
    "params": ["app", "formation"],
    "variants": ["base", "sdk"],
    "resource": "formation",
    "operations": [{ "title": "Show a process type of an app", "rel": "self", "status": 200, "list": false, "response": "formation" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /apps/{app}/formation/{formation}",
    "method": "PATCH",
    "path": "/apps/{app}/formation/{formation}",
    "params": ["app", "formation"],
    "variants": ["base", "sdk"],
    "resource": "formation",
    "operations": [{ "title": "Scale a process type of an app", "rel": "update", "status": 200, "list": false, "response": "formation" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}/formations/{formation_type}",
    "method": "DELETE",
    "path": "/apps/{app}/formations/{formation_type}",
    "params": ["app", "formation_type"],
    "variants": ["base", "sdk"],
    "resource": "dyno",
    "operations": [{ "title": "Restart the dynos of one process type of an app", "rel": "empty", "status": 202, "list": false, "response": null }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/formations/{formation_type}/actions/stop",
    "method": "POST",
    "path": "/apps/{app}/formations/{formation_type}/actions/stop",
    "params": ["app", "formation_type"],
    "variants": ["base", "sdk"],
    "resource": "dyno",
    "operations": [{ "title": "Stop the dynos of one process type of an app", "rel": "empty", "status": 202, "list": false, "response": null }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/log-drains",
    "method": "GET",
    "path": "/apps/{app}/log-drains",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "log-drain",
    "operations": [{ "title": "List log drains of an app", "rel": "instances", "status": 200, "list": true, "response": "log-drain" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/log-drains",
    "method": "POST",
    "path": "/apps/{app}/log-drains",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "log-drain",
    "operations": [{ "title": "Create a log drain of an app", "rel": "create", "status": 201, "list": false, "response": "log-drain" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}/log-drains/{log_drain}",
    "method": "DELETE",
    "path": "/apps/{app}/log-drains/{log_drain}",
    "params": ["app", "log_drain"],
    "variants": ["base", "sdk"],
    "resource": "log-drain",
    "operations": [{ "title": "Delete a log drain of an app", "rel": "destroy", "status": 200, "list": false, "response": "log-drain" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/log-drains/{log_drain}",
    "method": "GET",
    "path": "/apps/{app}/log-drains/{log_drain}",
    "params": ["app", "log_drain"],
    "variants": ["base", "sdk"],
    "resource": "log-drain",
    "operations": [{ "title": "Show a log drain of an app", "rel": "self", "status": 200, "list": false, "response": "log-drain" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/log-sessions",
    "method": "POST",
    "path": "/apps/{app}/log-sessions",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "log-session",
    "operations": [{ "title": "Open a stream of an app's log", "rel": "create", "status": 201, "list": false, "response": "log-session" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/oci-images",
    "method": "POST",
    "path": "/apps/{app}/oci-images",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "oci-image",
    "operations": [{ "title": "Create an OCI image of an app", "rel": "create", "status": 201, "list": false, "response": "oci-image" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/oci-images/{oci_image}",
    "method": "GET",
    "path": "/apps/{app}/oci-images/{oci_image}",
    "params": ["app", "oci_image"],
    "variants": ["base", "sdk"],
    "resource": "oci-image",
    "operations": [{ "title": "Show an OCI image of an app, as a list of one", "rel": "self", "status": 200, "list": true, "response": "oci-image" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/pipeline-couplings",
    "method": "GET",
    "path": "/apps/{app}/pipeline-couplings",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-coupling",
    "operations": [{ "title": "Show a pipeline coupling of an app", "rel": "self", "status": 200, "list": false, "response": "pipeline-coupling" }],
    "origin": "schema"
  },
  {
    "key": "PUT /apps/{app}/pre-authorizations",
    "method": "PUT",
    "path": "/apps/{app}/pre-authorizations",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "pre-authorization",
    "operations": [
      { "title": "Let a second factor count for the requests that follow", "rel": "update", "status": 200, "list": false, "response": "pre-authorization" }
    ],
    "origin": "supplement"
  },
  {
    "key": "GET /apps/{app}/releases",
    "method": "GET",
    "path": "/apps/{app}/releases",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "release",
    "operations": [{ "title": "List releases of an app", "rel": "instances", "status": 200, "list": true, "response": "release" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/releases",
    "method": "POST",
    "path": "/apps/{app}/releases",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "release",
    "operations": [
      { "title": "Release code of an app", "rel": "create", "status": 201, "list": false, "response": "release" },
      { "title": "Roll back to an earlier release of an app", "rel": "create", "status": 201, "list": false, "response": "release" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/releases/{release}",
    "method": "GET",
    "path": "/apps/{app}/releases/{release}",
    "params": ["app", "release"],
    "variants": ["base", "sdk"],
    "resource": "release",
    "operations": [{ "title": "Show a release of an app", "rel": "self", "status": 200, "list": false, "response": "release" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/releases/{release}/advisories",
    "method": "GET",
    "path": "/apps/{app}/releases/{release}/advisories",
    "params": ["app", "release"],
    "variants": ["base", "sdk"],
    "resource": "advisory-match",
    "operations": [{ "title": "List advisory matchs of an app", "rel": "instances", "status": 200, "list": true, "response": "advisory-match" }],
    "origin": "supplement"
  },
  {
    "key": "GET /apps/{app}/releases/{release}/attestations",
    "method": "GET",
    "path": "/apps/{app}/releases/{release}/attestations",
    "params": ["app", "release"],
    "variants": ["base", "sdk"],
    "resource": "attestation",
    "operations": [{ "title": "List attestations of an app", "rel": "instances", "status": 200, "list": true, "response": "attestation" }],
    "origin": "supplement"
  },
  {
    "key": "GET /apps/{app}/releases/{release}/attestations/{attestation}",
    "method": "GET",
    "path": "/apps/{app}/releases/{release}/attestations/{attestation}",
    "params": ["app", "release", "attestation"],
    "variants": ["base", "sdk"],
    "resource": "attestation",
    "operations": [{ "title": "Show an attestation of an app", "rel": "self", "status": 200, "list": false, "response": "attestation" }],
    "origin": "supplement"
  },
  {
    "key": "GET /apps/{app}/releases/{release}/config-vars",
    "method": "GET",
    "path": "/apps/{app}/releases/{release}/config-vars",
    "params": ["app", "release"],
    "variants": ["base", "sdk"],
    "resource": "config-var",
    "operations": [{ "title": "Show the config vars of a release", "rel": "self", "status": 200, "list": false, "response": "config-var" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/review-app",
    "method": "GET",
    "path": "/apps/{app}/review-app",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "review-app",
    "operations": [{ "title": "Show the review app that an app is", "rel": "self", "status": 200, "list": false, "response": "review-app" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/slugs",
    "method": "POST",
    "path": "/apps/{app}/slugs",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "slug",
    "operations": [{ "title": "Create a slug of an app", "rel": "create", "status": 201, "list": false, "response": "slug" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/slugs/{slug}",
    "method": "GET",
    "path": "/apps/{app}/slugs/{slug}",
    "params": ["app", "slug"],
    "variants": ["base", "sdk"],
    "resource": "slug",
    "operations": [{ "title": "Show a slug of an app", "rel": "self", "status": 200, "list": false, "response": "slug" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/sni-endpoints",
    "method": "GET",
    "path": "/apps/{app}/sni-endpoints",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "sni-endpoint",
    "operations": [{ "title": "List SNI endpoints of an app", "rel": "instances", "status": 200, "list": true, "response": "sni-endpoint" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/sni-endpoints",
    "method": "POST",
    "path": "/apps/{app}/sni-endpoints",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "sni-endpoint",
    "operations": [{ "title": "Create an SNI endpoint of an app", "rel": "create", "status": 201, "list": false, "response": "sni-endpoint" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}/sni-endpoints/{sni_endpoint}",
    "method": "DELETE",
    "path": "/apps/{app}/sni-endpoints/{sni_endpoint}",
    "params": ["app", "sni_endpoint"],
    "variants": ["base", "sdk"],
    "resource": "sni-endpoint",
    "operations": [{ "title": "Delete an SNI endpoint of an app", "rel": "destroy", "status": 200, "list": false, "response": "sni-endpoint" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/sni-endpoints/{sni_endpoint}",
    "method": "GET",
    "path": "/apps/{app}/sni-endpoints/{sni_endpoint}",
    "params": ["app", "sni_endpoint"],
    "variants": ["base", "sdk"],
    "resource": "sni-endpoint",
    "operations": [{ "title": "Show an SNI endpoint of an app", "rel": "self", "status": 200, "list": false, "response": "sni-endpoint" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /apps/{app}/sni-endpoints/{sni_endpoint}",
    "method": "PATCH",
    "path": "/apps/{app}/sni-endpoints/{sni_endpoint}",
    "params": ["app", "sni_endpoint"],
    "variants": ["base", "sdk"],
    "resource": "sni-endpoint",
    "operations": [{ "title": "Change an SNI endpoint of an app", "rel": "update", "status": 200, "list": false, "response": "sni-endpoint" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/sources",
    "method": "POST",
    "path": "/apps/{app}/sources",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "source",
    "operations": [
      { "title": "Get a place to upload the source of an app to (deprecated)", "rel": "create", "status": 201, "list": false, "response": "source" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/telemetry-drains",
    "method": "GET",
    "path": "/apps/{app}/telemetry-drains",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "telemetry-drain",
    "operations": [{ "title": "List telemetry drains of an app", "rel": "instances", "status": 200, "list": true, "response": "telemetry-drain" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/usage",
    "method": "GET",
    "path": "/apps/{app}/usage",
    "params": ["app"],
    "variants": ["sdk"],
    "resource": "usage",
    "operations": [{ "title": "Show the usage of an app", "rel": "self", "status": 200, "list": false, "response": "usage" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/webhook-deliveries",
    "method": "GET",
    "path": "/apps/{app}/webhook-deliveries",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "app-webhook-delivery",
    "operations": [{ "title": "List webhook deliveries of an app", "rel": "instances", "status": 200, "list": true, "response": "app-webhook-delivery" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/webhook-deliveries/{app_webhook_delivery}",
    "method": "GET",
    "path": "/apps/{app}/webhook-deliveries/{app_webhook_delivery}",
    "params": ["app", "app_webhook_delivery"],
    "variants": ["base", "sdk"],
    "resource": "app-webhook-delivery",
    "operations": [{ "title": "Show a webhook delivery of an app", "rel": "self", "status": 200, "list": false, "response": "app-webhook-delivery" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/webhook-events",
    "method": "GET",
    "path": "/apps/{app}/webhook-events",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "app-webhook-event",
    "operations": [{ "title": "List webhook events of an app", "rel": "instances", "status": 200, "list": true, "response": "app-webhook-event" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/webhook-events/{app_webhook_event}",
    "method": "GET",
    "path": "/apps/{app}/webhook-events/{app_webhook_event}",
    "params": ["app", "app_webhook_event"],
    "variants": ["base", "sdk"],
    "resource": "app-webhook-event",
    "operations": [{ "title": "Show a webhook event of an app", "rel": "self", "status": 200, "list": false, "response": "app-webhook-event" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/webhooks",
    "method": "GET",
    "path": "/apps/{app}/webhooks",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "app-webhook",
    "operations": [{ "title": "List webhooks of an app", "rel": "instances", "status": 200, "list": true, "response": "app-webhook" }],
    "origin": "schema"
  },
  {
    "key": "POST /apps/{app}/webhooks",
    "method": "POST",
    "path": "/apps/{app}/webhooks",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "app-webhook",
    "operations": [{ "title": "Create a webhook of an app", "rel": "create", "status": 201, "list": false, "response": "app-webhook" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /apps/{app}/webhooks/{app_webhook}",
    "method": "DELETE",
    "path": "/apps/{app}/webhooks/{app_webhook}",
    "params": ["app", "app_webhook"],
    "variants": ["base", "sdk"],
    "resource": "app-webhook",
    "operations": [{ "title": "Delete a webhook of an app", "rel": "destroy", "status": 200, "list": false, "response": "app-webhook" }],
    "origin": "schema"
  },
  {
    "key": "GET /apps/{app}/webhooks/{app_webhook}",
    "method": "GET",
    "path": "/apps/{app}/webhooks/{app_webhook}",
    "params": ["app", "app_webhook"],
    "variants": ["base", "sdk"],
    "resource": "app-webhook",
    "operations": [{ "title": "Show a webhook of an app", "rel": "self", "status": 200, "list": false, "response": "app-webhook" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /apps/{app}/webhooks/{app_webhook}",
    "method": "PATCH",
    "path": "/apps/{app}/webhooks/{app_webhook}",
    "params": ["app", "app_webhook"],
    "variants": ["base", "sdk"],
    "resource": "app-webhook",
    "operations": [{ "title": "Change a webhook of an app", "rel": "update", "status": 200, "list": false, "response": "app-webhook" }],
    "origin": "schema"
  },
  {
    "key": "GET /dyno-sizes",
    "method": "GET",
    "path": "/dyno-sizes",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "dyno-size",
    "operations": [{ "title": "List dyno sizes", "rel": "instances", "status": 200, "list": true, "response": "dyno-size" }],
    "origin": "schema"
  },
  {
    "key": "GET /dyno-sizes/{dyno_size}",
    "method": "GET",
    "path": "/dyno-sizes/{dyno_size}",
    "params": ["dyno_size"],
    "variants": ["base", "sdk"],
    "resource": "dyno-size",
    "operations": [{ "title": "Show a dyno size", "rel": "self", "status": 200, "list": false, "response": "dyno-size" }],
    "origin": "schema"
  },
  {
    "key": "GET /enterprise-accounts",
    "method": "GET",
    "path": "/enterprise-accounts",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "enterprise-account",
    "operations": [{ "title": "List enterprise accounts", "rel": "instances", "status": 200, "list": true, "response": "enterprise-account" }],
    "origin": "schema"
  },
  {
    "key": "GET /enterprise-accounts/{enterprise_account}",
    "method": "GET",
    "path": "/enterprise-accounts/{enterprise_account}",
    "params": ["enterprise_account"],
    "variants": ["base", "sdk"],
    "resource": "enterprise-account",
    "operations": [{ "title": "Show an enterprise account", "rel": "self", "status": 200, "list": false, "response": "enterprise-account" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /enterprise-accounts/{enterprise_account}",
    "method": "PATCH",
    "path": "/enterprise-accounts/{enterprise_account}",
    "params": ["enterprise_account"],
    "variants": ["base", "sdk"],
    "resource": "enterprise-account",
    "operations": [{ "title": "Change an enterprise account", "rel": "update", "status": 200, "list": false, "response": "enterprise-account" }],
    "origin": "schema"
  },
  {
    "key": "GET /enterprise-accounts/{enterprise_account}/archives",
    "method": "GET",
    "path": "/enterprise-accounts/{enterprise_account}/archives",
    "params": ["enterprise_account"],
    "variants": ["base", "sdk"],
    "resource": "archive",
    "operations": [{ "title": "List archives of an enterprise account", "rel": "instances", "status": 200, "list": true, "response": "archive" }],
    "origin": "schema"
  },
  {
    "key": "GET /enterprise-accounts/{enterprise_account}/archives/{year}/{month}",
    "method": "GET",
    "path": "/enterprise-accounts/{enterprise_account}/archives/{year}/{month}",
    "params": ["enterprise_account", "year", "month"],
    "variants": ["base", "sdk"],
    "resource": "archive",
    "operations": [{ "title": "Show an archive of an enterprise account", "rel": "self", "status": 200, "list": false, "response": "archive" }],
    "origin": "schema"
  },
  {
    "key": "GET /enterprise-accounts/{enterprise_account}/events",
    "method": "GET",
    "path": "/enterprise-accounts/{enterprise_account}/events",
    "params": ["enterprise_account"],
    "variants": ["base", "sdk"],
    "resource": "audit-trail-event",
    "operations": [
      { "title": "List audit trail events of an enterprise account", "rel": "instances", "status": 200, "list": true, "response": "audit-trail-event" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /enterprise-accounts/{enterprise_account}/members",
    "method": "GET",
    "path": "/enterprise-accounts/{enterprise_account}/members",
    "params": ["enterprise_account"],
    "variants": ["base", "sdk"],
    "resource": "enterprise-account-member",
    "operations": [
      { "title": "List members of an enterprise account", "rel": "instances", "status": 200, "list": true, "response": "enterprise-account-member" },
      { "title": "List members of an enterprise account", "rel": "instances", "status": 200, "list": true, "response": "enterprise-account-member-entry" }
    ],
    "origin": "schema"
  },
  {
    "key": "POST /enterprise-accounts/{enterprise_account}/members",
    "method": "POST",
    "path": "/enterprise-accounts/{enterprise_account}/members",
    "params": ["enterprise_account"],
    "variants": ["base", "sdk"],
    "resource": "enterprise-account-member",
    "operations": [
      { "title": "Create a member of an enterprise account", "rel": "create", "status": 201, "list": false, "response": "enterprise-account-member" }
    ],
    "origin": "schema"
  },
  {
    "key": "DELETE /enterprise-accounts/{enterprise_account}/members/{enterprise_account_member}",
    "method": "DELETE",
    "path": "/enterprise-accounts/{enterprise_account}/members/{enterprise_account_member}",
    "params": ["enterprise_account", "enterprise_account_member"],
    "variants": ["base", "sdk"],
    "resource": "enterprise-account-member",
    "operations": [
      { "title": "Delete a member of an enterprise account", "rel": "destroy", "status": 200, "list": false, "response": "enterprise-account-member" }
    ],
    "origin": "schema"
  },
  {
    "key": "PATCH /enterprise-accounts/{enterprise_account}/members/{enterprise_account_member}",
    "method": "PATCH",
    "path": "/enterprise-accounts/{enterprise_account}/members/{enterprise_account_member}",
    "params": ["enterprise_account", "enterprise_account_member"],
    "variants": ["base", "sdk"],
    "resource": "enterprise-account-member",
    "operations": [
      { "title": "Change a member of an enterprise account", "rel": "update", "status": 200, "list": false, "response": "enterprise-account-member" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /enterprise-accounts/{enterprise_account}/teams",
    "method": "GET",
    "path": "/enterprise-accounts/{enterprise_account}/teams",
    "params": ["enterprise_account"],
    "variants": ["base", "sdk"],
    "resource": "team",
    "operations": [{ "title": "List teams of an enterprise account", "rel": "instances", "status": 200, "list": true, "response": "team" }],
    "origin": "schema"
  },
  {
    "key": "POST /enterprise-accounts/{enterprise_account}/teams",
    "method": "POST",
    "path": "/enterprise-accounts/{enterprise_account}/teams",
    "params": ["enterprise_account"],
    "variants": ["base", "sdk"],
    "resource": "team",
    "operations": [{ "title": "Create a team of an enterprise account", "rel": "create", "status": 201, "list": false, "response": "team" }],
    "origin": "schema"
  },
  {
    "key": "GET /enterprise-accounts/{enterprise_account}/usage/daily",
    "method": "GET",
    "path": "/enterprise-accounts/{enterprise_account}/usage/daily",
    "params": ["enterprise_account"],
    "variants": ["base", "sdk"],
    "resource": "enterprise-account-daily-usage",
    "operations": [
      {
        "title": "List the daily usage of an enterprise account",
        "rel": "instances",
        "status": 200,
        "list": true,
        "response": "enterprise-account-daily-usage"
      }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /enterprise-accounts/{enterprise_account}/usage/monthly",
    "method": "GET",
    "path": "/enterprise-accounts/{enterprise_account}/usage/monthly",
    "params": ["enterprise_account"],
    "variants": ["base", "sdk"],
    "resource": "enterprise-account-monthly-usage",
    "operations": [
      {
        "title": "List the monthly usage of an enterprise account",
        "rel": "instances",
        "status": 200,
        "list": true,
        "response": "enterprise-account-monthly-usage"
      }
    ],
    "origin": "schema"
  },
  {
    "key": "POST /filters/apps",
    "method": "POST",
    "path": "/filters/apps",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "filter-apps",
    "operations": [{ "title": "List apps by their ids", "rel": "instances", "status": 200, "list": true, "response": "team-app" }],
    "origin": "schema"
  },
  {
    "key": "GET /generations",
    "method": "GET",
    "path": "/generations",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "generation",
    "operations": [{ "title": "List generations", "rel": "instances", "status": 200, "list": true, "response": "generation" }],
    "origin": "schema"
  },
  {
    "key": "GET /generations/{generation}",
    "method": "GET",
    "path": "/generations/{generation}",
    "params": ["generation"],
    "variants": ["base", "sdk"],
    "resource": "generation",
    "operations": [{ "title": "Show a generation", "rel": "self", "status": 200, "list": false, "response": "generation" }],
    "origin": "schema"
  },
  {
    "key": "POST /identity-providers",
    "method": "POST",
    "path": "/identity-providers",
    "params": [],
    "variants": ["sdk"],
    "resource": "identity-provider",
    "operations": [{ "title": "Create an identity provider", "rel": "create", "status": 201, "list": false, "response": "identity-provider" }],
    "origin": "schema"
  },
  {
    "key": "GET /identity-providers/{identity_provider}",
    "method": "GET",
    "path": "/identity-providers/{identity_provider}",
    "params": ["identity_provider"],
    "variants": ["sdk"],
    "resource": "identity-provider",
    "operations": [{ "title": "Show an identity provider", "rel": "self", "status": 200, "list": false, "response": "identity-provider" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /identity-providers/{identity_provider}",
    "method": "PATCH",
    "path": "/identity-providers/{identity_provider}",
    "params": ["identity_provider"],
    "variants": ["sdk"],
    "resource": "identity-provider",
    "operations": [{ "title": "Change an identity provider", "rel": "update", "status": 200, "list": false, "response": "identity-provider" }],
    "origin": "schema"
  },
  {
    "key": "POST /identity-providers/{identity_provider}/certificates",
    "method": "POST",
    "path": "/identity-providers/{identity_provider}/certificates",
    "params": ["identity_provider"],
    "variants": ["sdk"],
    "resource": "identity-provider-certificate",
    "operations": [
      { "title": "Create a certificate of an identity provider", "rel": "create", "status": 201, "list": false, "response": "identity-provider-certificate" }
    ],
    "origin": "schema"
  },
  {
    "key": "DELETE /identity-providers/{identity_provider}/certificates/{certificate}",
    "method": "DELETE",
    "path": "/identity-providers/{identity_provider}/certificates/{certificate}",
    "params": ["identity_provider", "certificate"],
    "variants": ["sdk"],
    "resource": "identity-provider-certificate",
    "operations": [
      { "title": "Delete a certificate of an identity provider", "rel": "destroy", "status": 200, "list": false, "response": "identity-provider-certificate" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /identity-providers/{identity_provider}/certificates/{certificate}",
    "method": "GET",
    "path": "/identity-providers/{identity_provider}/certificates/{certificate}",
    "params": ["identity_provider", "certificate"],
    "variants": ["sdk"],
    "resource": "identity-provider-certificate",
    "operations": [
      { "title": "Show a certificate of an identity provider", "rel": "self", "status": 200, "list": false, "response": "identity-provider-certificate" }
    ],
    "origin": "schema"
  },
  {
    "key": "PATCH /identity-providers/{identity_provider}/certificates/{certificate}",
    "method": "PATCH",
    "path": "/identity-providers/{identity_provider}/certificates/{certificate}",
    "params": ["identity_provider", "certificate"],
    "variants": ["sdk"],
    "resource": "identity-provider-certificate",
    "operations": [
      { "title": "Change a certificate of an identity provider", "rel": "update", "status": 200, "list": false, "response": "identity-provider-certificate" }
    ],
    "origin": "schema"
  },
  {
    "key": "POST /identity-providers/{identity_provider}/migrate",
    "method": "POST",
    "path": "/identity-providers/{identity_provider}/migrate",
    "params": ["identity_provider"],
    "variants": ["sdk"],
    "resource": "identity-provider-actions",
    "operations": [
      { "title": "Move an identity provider to certificates of its own", "rel": "update", "status": 200, "list": false, "response": "identity-provider" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /oauth/authorizations",
    "method": "GET",
    "path": "/oauth/authorizations",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "oauth-authorization",
    "operations": [
      { "title": "List one's own authorizations and their tokens", "rel": "instances", "status": 200, "list": true, "response": "oauth-authorization" }
    ],
    "origin": "schema"
  },
  {
    "key": "POST /oauth/authorizations",
    "method": "POST",
    "path": "/oauth/authorizations",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "oauth-authorization",
    "operations": [{ "title": "Make a token for oneself or a client", "rel": "create", "status": 201, "list": false, "response": "oauth-authorization" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /oauth/authorizations/{oauth_authorization}",
    "method": "DELETE",
    "path": "/oauth/authorizations/{oauth_authorization}",
    "params": ["oauth_authorization"],
    "variants": ["base", "sdk"],
    "resource": "oauth-authorization",
    "operations": [{ "title": "Delete an OAuth authorization", "rel": "destroy", "status": 200, "list": false, "response": "oauth-authorization" }],
    "origin": "schema"
  },
  {
    "key": "GET /oauth/authorizations/{oauth_authorization}",
    "method": "GET",
    "path": "/oauth/authorizations/{oauth_authorization}",
    "params": ["oauth_authorization"],
    "variants": ["base", "sdk"],
    "resource": "oauth-authorization",
    "operations": [{ "title": "Show an OAuth authorization", "rel": "self", "status": 200, "list": false, "response": "oauth-authorization" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /oauth/authorizations/{oauth_authorization}",
    "method": "PATCH",
    "path": "/oauth/authorizations/{oauth_authorization}",
    "params": ["oauth_authorization"],
    "variants": ["base", "sdk"],
    "resource": "oauth-authorization",
    "operations": [{ "title": "Change an OAuth authorization", "rel": "update", "status": 200, "list": false, "response": "oauth-authorization" }],
    "origin": "schema"
  },
  {
    "key": "POST /oauth/authorizations/{oauth_authorization}/actions/regenerate-tokens",
    "method": "POST",
    "path": "/oauth/authorizations/{oauth_authorization}/actions/regenerate-tokens",
    "params": ["oauth_authorization"],
    "variants": ["base", "sdk"],
    "resource": "oauth-authorization",
    "operations": [{ "title": "Replace the tokens of an authorization", "rel": "update", "status": 200, "list": false, "response": "oauth-authorization" }],
    "origin": "schema"
  },
  {
    "key": "GET /oauth/clients",
    "method": "GET",
    "path": "/oauth/clients",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "oauth-client",
    "operations": [{ "title": "List OAuth clients", "rel": "instances", "status": 200, "list": true, "response": "oauth-client" }],
    "origin": "schema"
  },
  {
    "key": "POST /oauth/clients",
    "method": "POST",
    "path": "/oauth/clients",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "oauth-client",
    "operations": [{ "title": "Create an OAuth client", "rel": "create", "status": 201, "list": false, "response": "oauth-client" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /oauth/clients/{oauth_client}",
    "method": "DELETE",
    "path": "/oauth/clients/{oauth_client}",
    "params": ["oauth_client"],
    "variants": ["base", "sdk"],
    "resource": "oauth-client",
    "operations": [{ "title": "Delete an OAuth client", "rel": "destroy", "status": 200, "list": false, "response": "oauth-client" }],
    "origin": "schema"
  },
  {
    "key": "GET /oauth/clients/{oauth_client}",
    "method": "GET",
    "path": "/oauth/clients/{oauth_client}",
    "params": ["oauth_client"],
    "variants": ["base", "sdk"],
    "resource": "oauth-client",
    "operations": [{ "title": "Show an OAuth client", "rel": "self", "status": 200, "list": false, "response": "oauth-client" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /oauth/clients/{oauth_client}",
    "method": "PATCH",
    "path": "/oauth/clients/{oauth_client}",
    "params": ["oauth_client"],
    "variants": ["base", "sdk"],
    "resource": "oauth-client",
    "operations": [{ "title": "Change an OAuth client", "rel": "update", "status": 200, "list": false, "response": "oauth-client" }],
    "origin": "schema"
  },
  {
    "key": "POST /oauth/clients/{oauth_client}/actions/rotate-credentials",
    "method": "POST",
    "path": "/oauth/clients/{oauth_client}/actions/rotate-credentials",
    "params": ["oauth_client"],
    "variants": ["base", "sdk"],
    "resource": "oauth-client",
    "operations": [{ "title": "Replace the secret of an OAuth client", "rel": "update", "status": 200, "list": false, "response": "oauth-client" }],
    "origin": "schema"
  },
  {
    "key": "GET /oauth/sessions",
    "method": "GET",
    "path": "/oauth/sessions",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "oauth-session",
    "operations": [{ "title": "List OAuth sessions", "rel": "instances", "status": 200, "list": true, "response": "oauth-session" }],
    "origin": "supplement"
  },
  {
    "key": "DELETE /oauth/sessions/{session}",
    "method": "DELETE",
    "path": "/oauth/sessions/{session}",
    "params": ["session"],
    "variants": ["base", "sdk"],
    "resource": "oauth-session",
    "operations": [{ "title": "Delete an OAuth session", "rel": "destroy", "status": 200, "list": false, "response": "oauth-session" }],
    "origin": "supplement"
  },
  {
    "key": "POST /oauth/tokens",
    "method": "POST",
    "path": "/oauth/tokens",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "oauth-token",
    "operations": [{ "title": "Exchange a grant for tokens", "rel": "create", "status": 201, "list": false, "response": "oauth-token" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /oauth/tokens/{oauth_token}",
    "method": "DELETE",
    "path": "/oauth/tokens/{oauth_token}",
    "params": ["oauth_token"],
    "variants": ["base", "sdk"],
    "resource": "oauth-token",
    "operations": [{ "title": "Revoke an OAuth token", "rel": "destroy", "status": 200, "list": false, "response": "oauth-token" }],
    "origin": "schema"
  },
  {
    "key": "POST /password-resets",
    "method": "POST",
    "path": "/password-resets",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "password-reset",
    "operations": [{ "title": "Ask for a new password by e-mail", "rel": "self", "status": 200, "list": false, "response": "password-reset" }],
    "origin": "schema"
  },
  {
    "key": "POST /password-resets/{reset_password_token}/actions/finalize",
    "method": "POST",
    "path": "/password-resets/{reset_password_token}/actions/finalize",
    "params": ["reset_password_token"],
    "variants": ["base", "sdk"],
    "resource": "password-reset",
    "operations": [{ "title": "Set a new password", "rel": "self", "status": 200, "list": false, "response": "password-reset" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipeline-couplings",
    "method": "GET",
    "path": "/pipeline-couplings",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "pipeline-coupling",
    "operations": [{ "title": "List pipeline couplings", "rel": "instances", "status": 200, "list": true, "response": "pipeline-coupling" }],
    "origin": "schema"
  },
  {
    "key": "POST /pipeline-couplings",
    "method": "POST",
    "path": "/pipeline-couplings",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "pipeline-coupling",
    "operations": [{ "title": "Create a pipeline coupling", "rel": "create", "status": 201, "list": false, "response": "pipeline-coupling" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /pipeline-couplings/{pipeline_coupling}",
    "method": "DELETE",
    "path": "/pipeline-couplings/{pipeline_coupling}",
    "params": ["pipeline_coupling"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-coupling",
    "operations": [{ "title": "Delete a pipeline coupling", "rel": "destroy", "status": 200, "list": false, "response": "pipeline-coupling" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipeline-couplings/{pipeline_coupling}",
    "method": "GET",
    "path": "/pipeline-couplings/{pipeline_coupling}",
    "params": ["pipeline_coupling"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-coupling",
    "operations": [{ "title": "Show a pipeline coupling", "rel": "self", "status": 200, "list": false, "response": "pipeline-coupling" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /pipeline-couplings/{pipeline_coupling}",
    "method": "PATCH",
    "path": "/pipeline-couplings/{pipeline_coupling}",
    "params": ["pipeline_coupling"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-coupling",
    "operations": [{ "title": "Change a pipeline coupling", "rel": "update", "status": 200, "list": false, "response": "pipeline-coupling" }],
    "origin": "schema"
  },
  {
    "key": "POST /pipeline-promotions",
    "method": "POST",
    "path": "/pipeline-promotions",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "pipeline-promotion",
    "operations": [
      { "title": "Promote an app to the next stage of its pipeline", "rel": "create", "status": 201, "list": false, "response": "pipeline-promotion" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /pipeline-promotions/{pipeline_promotion}",
    "method": "GET",
    "path": "/pipeline-promotions/{pipeline_promotion}",
    "params": ["pipeline_promotion"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-promotion",
    "operations": [{ "title": "Show a pipeline promotion", "rel": "self", "status": 200, "list": false, "response": "pipeline-promotion" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipeline-promotions/{pipeline_promotion}/promotion-targets",
    "method": "GET",
    "path": "/pipeline-promotions/{pipeline_promotion}/promotion-targets",
    "params": ["pipeline_promotion"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-promotion-target",
    "operations": [
      { "title": "List targets of a pipeline promotion", "rel": "instances", "status": 200, "list": true, "response": "pipeline-promotion-target" }
    ],
    "origin": "schema"
  },
  {
    "key": "POST /pipeline-transfers",
    "method": "POST",
    "path": "/pipeline-transfers",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "pipeline-transfer",
    "operations": [{ "title": "Create a pipeline transfer", "rel": "create", "status": 201, "list": false, "response": "pipeline-transfer" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines",
    "method": "GET",
    "path": "/pipelines",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "pipeline",
    "operations": [{ "title": "List pipelines", "rel": "instances", "status": 200, "list": true, "response": "pipeline" }],
    "origin": "schema"
  },
  {
    "key": "POST /pipelines",
    "method": "POST",
    "path": "/pipelines",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "pipeline",
    "operations": [{ "title": "Create a pipeline", "rel": "create", "status": 201, "list": false, "response": "pipeline" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /pipelines/{pipeline}",
    "method": "DELETE",
    "path": "/pipelines/{pipeline}",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "pipeline",
    "operations": [{ "title": "Delete a pipeline", "rel": "destroy", "status": 200, "list": false, "response": "pipeline" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}",
    "method": "GET",
    "path": "/pipelines/{pipeline}",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "pipeline",
    "operations": [{ "title": "Show a pipeline", "rel": "self", "status": 200, "list": false, "response": "pipeline" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /pipelines/{pipeline}",
    "method": "PATCH",
    "path": "/pipelines/{pipeline}",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "pipeline",
    "operations": [{ "title": "Change a pipeline", "rel": "update", "status": 200, "list": false, "response": "pipeline" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}/latest-builds",
    "method": "GET",
    "path": "/pipelines/{pipeline}/latest-builds",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-build",
    "operations": [
      { "title": "List the latest build of each app in a pipeline", "rel": "instances", "status": 200, "list": true, "response": "pipeline-build" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}/latest-deployments",
    "method": "GET",
    "path": "/pipelines/{pipeline}/latest-deployments",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-deployment",
    "operations": [{ "title": "List the latest deployment of each app in a pipeline", "rel": "instances", "status": 200, "list": true, "response": "release" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}/latest-releases",
    "method": "GET",
    "path": "/pipelines/{pipeline}/latest-releases",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-release",
    "operations": [{ "title": "List the latest release of each app in a pipeline", "rel": "instances", "status": 200, "list": true, "response": "release" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}/pipeline-couplings",
    "method": "GET",
    "path": "/pipelines/{pipeline}/pipeline-couplings",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-coupling",
    "operations": [{ "title": "List couplings of a pipeline", "rel": "instances", "status": 200, "list": true, "response": "pipeline-coupling" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}/pipeline-stack",
    "method": "GET",
    "path": "/pipelines/{pipeline}/pipeline-stack",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-stack",
    "operations": [{ "title": "Show the default stack of a pipeline", "rel": "self", "status": 200, "list": false, "response": "pipeline-stack" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}/repo",
    "method": "GET",
    "path": "/pipelines/{pipeline}/repo",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-repository",
    "operations": [{ "title": "Show a repository of a pipeline", "rel": "self", "status": 200, "list": false, "response": "pipeline-repository" }],
    "origin": "supplement"
  },
  {
    "key": "GET /pipelines/{pipeline}/repo/branches/{branch}",
    "method": "GET",
    "path": "/pipelines/{pipeline}/repo/branches/{branch}",
    "params": ["pipeline", "branch"],
    "variants": ["base", "sdk"],
    "resource": "repository-branch",
    "operations": [{ "title": "Show a repository branch of a pipeline", "rel": "self", "status": 200, "list": false, "response": "repository-branch" }],
    "origin": "supplement"
  },
  {
    "key": "DELETE /pipelines/{pipeline}/review-app-config",
    "method": "DELETE",
    "path": "/pipelines/{pipeline}/review-app-config",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "review-app-config",
    "operations": [{ "title": "Turn off review apps for a pipeline", "rel": "destroy", "status": 200, "list": false, "response": "review-app-config" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}/review-app-config",
    "method": "GET",
    "path": "/pipelines/{pipeline}/review-app-config",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "review-app-config",
    "operations": [{ "title": "Show a review app config of a pipeline", "rel": "self", "status": 200, "list": false, "response": "review-app-config" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /pipelines/{pipeline}/review-app-config",
    "method": "PATCH",
    "path": "/pipelines/{pipeline}/review-app-config",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "review-app-config",
    "operations": [{ "title": "Change a review app config of a pipeline", "rel": "update", "status": 200, "list": false, "response": "review-app-config" }],
    "origin": "schema"
  },
  {
    "key": "POST /pipelines/{pipeline}/review-app-config",
    "method": "POST",
    "path": "/pipelines/{pipeline}/review-app-config",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "review-app-config",
    "operations": [{ "title": "Turn on review apps for a pipeline", "rel": "create", "status": 201, "list": false, "response": "review-app-config" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}/review-apps",
    "method": "GET",
    "path": "/pipelines/{pipeline}/review-apps",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "review-app",
    "operations": [{ "title": "List review apps of a pipeline", "rel": "instances", "status": 200, "list": true, "response": "review-app" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}/stage/{stage}/config-vars",
    "method": "GET",
    "path": "/pipelines/{pipeline}/stage/{stage}/config-vars",
    "params": ["pipeline", "stage"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-config-var",
    "operations": [
      { "title": "Show the config vars of a stage of a pipeline", "rel": "self", "status": 200, "list": false, "response": "pipeline-config-var" }
    ],
    "origin": "schema"
  },
  {
    "key": "PATCH /pipelines/{pipeline}/stage/{stage}/config-vars",
    "method": "PATCH",
    "path": "/pipelines/{pipeline}/stage/{stage}/config-vars",
    "params": ["pipeline", "stage"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-config-var",
    "operations": [
      { "title": "Set and unset config vars of a stage of a pipeline", "rel": "update", "status": 200, "list": false, "response": "pipeline-config-var" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}/test-runs",
    "method": "GET",
    "path": "/pipelines/{pipeline}/test-runs",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "test-run",
    "operations": [{ "title": "List test runs of a pipeline", "rel": "instances", "status": 200, "list": true, "response": "test-run" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}/test-runs/{test_run}",
    "method": "GET",
    "path": "/pipelines/{pipeline}/test-runs/{test_run}",
    "params": ["pipeline", "test_run"],
    "variants": ["base", "sdk"],
    "resource": "test-run",
    "operations": [{ "title": "Show a test run of a pipeline", "rel": "self", "status": 200, "list": false, "response": "test-run" }],
    "origin": "schema"
  },
  {
    "key": "GET /pipelines/{pipeline}/webhooks",
    "method": "GET",
    "path": "/pipelines/{pipeline}/webhooks",
    "params": ["pipeline"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-webhook",
    "operations": [{ "title": "List webhooks of a pipeline", "rel": "instances", "status": 200, "list": true, "response": "pipeline-webhook" }],
    "origin": "supplement"
  },
  {
    "key": "GET /plans/{plan}",
    "method": "GET",
    "path": "/plans/{plan}",
    "params": ["plan"],
    "variants": ["base", "sdk"],
    "resource": "plan",
    "operations": [{ "title": "Show a plan", "rel": "self", "status": 200, "list": false, "response": "plan" }],
    "origin": "schema"
  },
  {
    "key": "GET /plans/{plan}/meters",
    "method": "GET",
    "path": "/plans/{plan}/meters",
    "params": ["plan"],
    "variants": ["sdk"],
    "resource": "plan-meter",
    "operations": [{ "title": "List meters of a plan", "rel": "instances", "status": 200, "list": true, "response": "plan-meter" }],
    "origin": "schema"
  },
  {
    "key": "GET /plans/{plan}/meters/{plan_meter}",
    "method": "GET",
    "path": "/plans/{plan}/meters/{plan_meter}",
    "params": ["plan", "plan_meter"],
    "variants": ["sdk"],
    "resource": "plan-meter",
    "operations": [{ "title": "Show a meter of a plan", "rel": "self", "status": 200, "list": false, "response": "plan-meter" }],
    "origin": "schema"
  },
  {
    "key": "GET /regions",
    "method": "GET",
    "path": "/regions",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "region",
    "operations": [{ "title": "List regions", "rel": "instances", "status": 200, "list": true, "response": "region" }],
    "origin": "schema"
  },
  {
    "key": "GET /regions/{region}",
    "method": "GET",
    "path": "/regions/{region}",
    "params": ["region"],
    "variants": ["base", "sdk"],
    "resource": "region",
    "operations": [{ "title": "Show a region", "rel": "self", "status": 200, "list": false, "response": "region" }],
    "origin": "schema"
  },
  {
    "key": "GET /regions/{region}/addon-region-capabilities",
    "method": "GET",
    "path": "/regions/{region}/addon-region-capabilities",
    "params": ["region"],
    "variants": ["base", "sdk"],
    "resource": "add-on-region-capability",
    "operations": [
      { "title": "List add-on region capabilities of a region", "rel": "instances", "status": 200, "list": true, "response": "add-on-region-capability" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /resource/{resource_id}/usage-history",
    "method": "GET",
    "path": "/resource/{resource_id}/usage-history",
    "params": ["resource_id"],
    "variants": ["sdk"],
    "resource": "usage-history",
    "operations": [{ "title": "Show the usage history of an add-on", "rel": "self", "status": 200, "list": false, "response": "usage-history" }],
    "origin": "schema"
  },
  {
    "key": "POST /review-apps",
    "method": "POST",
    "path": "/review-apps",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "review-app",
    "operations": [{ "title": "Create a review app", "rel": "create", "status": 201, "list": false, "response": "review-app" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /review-apps/{review_app}",
    "method": "DELETE",
    "path": "/review-apps/{review_app}",
    "params": ["review_app"],
    "variants": ["base", "sdk"],
    "resource": "review-app",
    "operations": [{ "title": "Delete a review app", "rel": "destroy", "status": 200, "list": false, "response": "review-app" }],
    "origin": "schema"
  },
  {
    "key": "GET /review-apps/{review_app}",
    "method": "GET",
    "path": "/review-apps/{review_app}",
    "params": ["review_app"],
    "variants": ["base", "sdk"],
    "resource": "review-app",
    "operations": [{ "title": "Show a review app", "rel": "self", "status": 200, "list": false, "response": "review-app" }],
    "origin": "schema"
  },
  {
    "key": "GET /signing-keys",
    "method": "GET",
    "path": "/signing-keys",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "signing-key",
    "operations": [{ "title": "List signing keys", "rel": "instances", "status": 200, "list": true, "response": "signing-key" }],
    "origin": "supplement"
  },
  {
    "key": "POST /sources",
    "method": "POST",
    "path": "/sources",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "source",
    "operations": [{ "title": "Get a place to upload a source to", "rel": "create", "status": 201, "list": false, "response": "source" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces",
    "method": "GET",
    "path": "/spaces",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "space",
    "operations": [{ "title": "List spaces", "rel": "instances", "status": 200, "list": true, "response": "space" }],
    "origin": "schema"
  },
  {
    "key": "POST /spaces",
    "method": "POST",
    "path": "/spaces",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "space",
    "operations": [{ "title": "Create a space", "rel": "create", "status": 201, "list": false, "response": "space" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /spaces/{space}",
    "method": "DELETE",
    "path": "/spaces/{space}",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "space",
    "operations": [{ "title": "Delete a space", "rel": "destroy", "status": 200, "list": false, "response": "space" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}",
    "method": "GET",
    "path": "/spaces/{space}",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "space",
    "operations": [{ "title": "Show a space", "rel": "self", "status": 200, "list": false, "response": "space" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /spaces/{space}",
    "method": "PATCH",
    "path": "/spaces/{space}",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "space",
    "operations": [{ "title": "Change a space", "rel": "update", "status": 200, "list": false, "response": "space" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/dynos",
    "method": "GET",
    "path": "/spaces/{space}/dynos",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "space-dynos",
    "operations": [{ "title": "List the dynos of all apps in a space", "rel": "instances", "status": 200, "list": true, "response": "space-dynos" }],
    "origin": "supplement"
  },
  {
    "key": "GET /spaces/{space}/hosts",
    "method": "GET",
    "path": "/spaces/{space}/hosts",
    "params": ["space"],
    "variants": ["sdk"],
    "resource": "space-host",
    "operations": [{ "title": "List hosts of a space", "rel": "instances", "status": 200, "list": true, "response": "space-host" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/inbound-ruleset",
    "method": "GET",
    "path": "/spaces/{space}/inbound-ruleset",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "inbound-ruleset",
    "operations": [{ "title": "Show an inbound ruleset of a space", "rel": "self", "status": 200, "list": false, "response": "inbound-ruleset" }],
    "origin": "schema"
  },
  {
    "key": "PUT /spaces/{space}/inbound-ruleset",
    "method": "PUT",
    "path": "/spaces/{space}/inbound-ruleset",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "inbound-ruleset",
    "operations": [{ "title": "Change an inbound ruleset of a space", "rel": "create", "status": 201, "list": false, "response": "inbound-ruleset" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/inbound-rulesets",
    "method": "GET",
    "path": "/spaces/{space}/inbound-rulesets",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "inbound-ruleset",
    "operations": [{ "title": "List inbound rulesets of a space", "rel": "instances", "status": 200, "list": true, "response": "inbound-ruleset" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/inbound-rulesets/{inbound_ruleset}",
    "method": "GET",
    "path": "/spaces/{space}/inbound-rulesets/{inbound_ruleset}",
    "params": ["space", "inbound_ruleset"],
    "variants": ["base", "sdk"],
    "resource": "inbound-ruleset",
    "operations": [{ "title": "Show an inbound ruleset of a space", "rel": "self", "status": 200, "list": false, "response": "inbound-ruleset" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/log-drain",
    "method": "GET",
    "path": "/spaces/{space}/log-drain",
    "params": ["space"],
    "variants": ["sdk"],
    "resource": "space-log-drain",
    "operations": [{ "title": "Show a log drain of a space", "rel": "self", "status": 200, "list": false, "response": "log-drain" }],
    "origin": "schema"
  },
  {
    "key": "PUT /spaces/{space}/log-drain",
    "method": "PUT",
    "path": "/spaces/{space}/log-drain",
    "params": ["space"],
    "variants": ["sdk"],
    "resource": "space-log-drain",
    "operations": [{ "title": "Change a log drain of a space", "rel": "update", "status": 200, "list": false, "response": "log-drain" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/members",
    "method": "GET",
    "path": "/spaces/{space}/members",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "space-app-access",
    "operations": [{ "title": "List who may create apps in a space", "rel": "instances", "status": 200, "list": true, "response": "space-app-access" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/members/{account}",
    "method": "GET",
    "path": "/spaces/{space}/members/{account}",
    "params": ["space", "account"],
    "variants": ["base", "sdk"],
    "resource": "space-app-access",
    "operations": [{ "title": "Show what an account may do in a space", "rel": "self", "status": 200, "list": false, "response": "space-app-access" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /spaces/{space}/members/{account}",
    "method": "PATCH",
    "path": "/spaces/{space}/members/{account}",
    "params": ["space", "account"],
    "variants": ["base", "sdk"],
    "resource": "space-app-access",
    "operations": [{ "title": "Change what an account may do in a space", "rel": "update", "status": 200, "list": false, "response": "space-app-access" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/nat",
    "method": "GET",
    "path": "/spaces/{space}/nat",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "space-nat",
    "operations": [{ "title": "Show the outbound addresses of a space", "rel": "self", "status": 200, "list": false, "response": "space-nat" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/peering-info",
    "method": "GET",
    "path": "/spaces/{space}/peering-info",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "peering-info",
    "operations": [{ "title": "Show what a peering with a space needs", "rel": "self", "status": 200, "list": false, "response": "peering-info" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/peerings",
    "method": "GET",
    "path": "/spaces/{space}/peerings",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "peering",
    "operations": [{ "title": "List peerings of a space", "rel": "instances", "status": 200, "list": true, "response": "peering" }],
    "origin": "schema"
  },
  {
    "key": "POST /spaces/{space}/peerings",
    "method": "POST",
    "path": "/spaces/{space}/peerings",
    "params": ["space"],
    "variants": ["sdk"],
    "resource": "peering",
    "operations": [{ "title": "Accept a peering with a space", "rel": "empty", "status": 202, "list": false, "response": null }],
    "origin": "schema"
  },
  {
    "key": "DELETE /spaces/{space}/peerings/{pcx_id}",
    "method": "DELETE",
    "path": "/spaces/{space}/peerings/{pcx_id}",
    "params": ["space", "pcx_id"],
    "variants": ["base", "sdk"],
    "resource": "peering",
    "operations": [{ "title": "End a peering with a space", "rel": "empty", "status": 202, "list": false, "response": null }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/peerings/{pcx_id}",
    "method": "GET",
    "path": "/spaces/{space}/peerings/{pcx_id}",
    "params": ["space", "pcx_id"],
    "variants": ["base"],
    "resource": "peering",
    "operations": [{ "title": "Show a peering of a space", "rel": "self", "status": 200, "list": false, "response": "peering" }],
    "origin": "schema"
  },
  {
    "key": "POST /spaces/{space}/peerings/{pcx_id}/actions/accept",
    "method": "POST",
    "path": "/spaces/{space}/peerings/{pcx_id}/actions/accept",
    "params": ["space", "pcx_id"],
    "variants": ["base"],
    "resource": "peering",
    "operations": [{ "title": "Accept a peering with a space", "rel": "empty", "status": 202, "list": false, "response": null }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/telemetry-drains",
    "method": "GET",
    "path": "/spaces/{space}/telemetry-drains",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "telemetry-drain",
    "operations": [{ "title": "List telemetry drains of a space", "rel": "instances", "status": 200, "list": true, "response": "telemetry-drain" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/topology",
    "method": "GET",
    "path": "/spaces/{space}/topology",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "space-topology",
    "operations": [{ "title": "Show the topology of a space", "rel": "self", "status": 200, "list": false, "response": "space-topology" }],
    "origin": "schema"
  },
  {
    "key": "POST /spaces/{space}/transfer",
    "method": "POST",
    "path": "/spaces/{space}/transfer",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "space-transfer",
    "operations": [{ "title": "Give a space to another team", "rel": "update", "status": 200, "list": false, "response": "space" }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/vpn-connections",
    "method": "GET",
    "path": "/spaces/{space}/vpn-connections",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "vpn-connection",
    "operations": [{ "title": "List VPN connections of a space", "rel": "instances", "status": 200, "list": true, "response": "vpn-connection" }],
    "origin": "schema"
  },
  {
    "key": "POST /spaces/{space}/vpn-connections",
    "method": "POST",
    "path": "/spaces/{space}/vpn-connections",
    "params": ["space"],
    "variants": ["base", "sdk"],
    "resource": "vpn-connection",
    "operations": [{ "title": "Create a VPN connection of a space", "rel": "create", "status": 201, "list": false, "response": "vpn-connection" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /spaces/{space}/vpn-connections/{vpn_connection}",
    "method": "DELETE",
    "path": "/spaces/{space}/vpn-connections/{vpn_connection}",
    "params": ["space", "vpn_connection"],
    "variants": ["base", "sdk"],
    "resource": "vpn-connection",
    "operations": [{ "title": "Delete a VPN connection of a space", "rel": "empty", "status": 202, "list": false, "response": null }],
    "origin": "schema"
  },
  {
    "key": "GET /spaces/{space}/vpn-connections/{vpn_connection}",
    "method": "GET",
    "path": "/spaces/{space}/vpn-connections/{vpn_connection}",
    "params": ["space", "vpn_connection"],
    "variants": ["base", "sdk"],
    "resource": "vpn-connection",
    "operations": [{ "title": "Show a VPN connection of a space", "rel": "self", "status": 200, "list": false, "response": "vpn-connection" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /spaces/{space}/vpn-connections/{vpn_connection}",
    "method": "PATCH",
    "path": "/spaces/{space}/vpn-connections/{vpn_connection}",
    "params": ["space", "vpn_connection"],
    "variants": ["base", "sdk"],
    "resource": "vpn-connection",
    "operations": [{ "title": "Change a VPN connection of a space", "rel": "update", "status": 200, "list": false, "response": "vpn-connection" }],
    "origin": "schema"
  },
  {
    "key": "GET /stacks",
    "method": "GET",
    "path": "/stacks",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "stack",
    "operations": [{ "title": "List stacks", "rel": "instances", "status": 200, "list": true, "response": "stack" }],
    "origin": "schema"
  },
  {
    "key": "GET /stacks/{stack}",
    "method": "GET",
    "path": "/stacks/{stack}",
    "params": ["stack"],
    "variants": ["base", "sdk"],
    "resource": "stack",
    "operations": [{ "title": "Show a stack", "rel": "self", "status": 200, "list": false, "response": "stack" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams",
    "method": "GET",
    "path": "/teams",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "team",
    "operations": [{ "title": "List teams", "rel": "instances", "status": 200, "list": true, "response": "team" }],
    "origin": "schema"
  },
  {
    "key": "POST /teams",
    "method": "POST",
    "path": "/teams",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "team",
    "operations": [{ "title": "Create a team", "rel": "create", "status": 201, "list": false, "response": "team" }],
    "origin": "schema"
  },
  {
    "key": "POST /teams/apps",
    "method": "POST",
    "path": "/teams/apps",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "team-app",
    "operations": [{ "title": "Create an app, for a team or oneself", "rel": "create", "status": 201, "list": false, "response": "team-app" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/apps/{app}",
    "method": "GET",
    "path": "/teams/apps/{app}",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "team-app",
    "operations": [{ "title": "Show an app of a team", "rel": "self", "status": 200, "list": false, "response": "team-app" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /teams/apps/{app}",
    "method": "PATCH",
    "path": "/teams/apps/{app}",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "team-app",
    "operations": [
      { "title": "Lock or unlock an app of a team", "rel": "update", "status": 200, "list": false, "response": "team-app" },
      { "title": "Give an app of a team to an account", "rel": "update", "status": 200, "list": false, "response": "team-app" },
      { "title": "Give an app to another team", "rel": "update", "status": 200, "list": false, "response": "team-app" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /teams/apps/{app}/collaborators",
    "method": "GET",
    "path": "/teams/apps/{app}/collaborators",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "team-app-collaborator",
    "operations": [{ "title": "List team app collaborators", "rel": "instances", "status": 200, "list": true, "response": "team-app-collaborator" }],
    "origin": "schema"
  },
  {
    "key": "POST /teams/apps/{app}/collaborators",
    "method": "POST",
    "path": "/teams/apps/{app}/collaborators",
    "params": ["app"],
    "variants": ["base", "sdk"],
    "resource": "team-app-collaborator",
    "operations": [{ "title": "Create a team app collaborator", "rel": "create", "status": 201, "list": false, "response": "team-app-collaborator" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /teams/apps/{app}/collaborators/{collaborator}",
    "method": "DELETE",
    "path": "/teams/apps/{app}/collaborators/{collaborator}",
    "params": ["app", "collaborator"],
    "variants": ["base", "sdk"],
    "resource": "team-app-collaborator",
    "operations": [{ "title": "Delete a team app collaborator", "rel": "destroy", "status": 200, "list": false, "response": "team-app-collaborator" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/apps/{app}/collaborators/{collaborator}",
    "method": "GET",
    "path": "/teams/apps/{app}/collaborators/{collaborator}",
    "params": ["app", "collaborator"],
    "variants": ["base", "sdk"],
    "resource": "team-app-collaborator",
    "operations": [{ "title": "Show a team app collaborator", "rel": "self", "status": 200, "list": false, "response": "team-app-collaborator" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /teams/apps/{app}/collaborators/{collaborator}",
    "method": "PATCH",
    "path": "/teams/apps/{app}/collaborators/{collaborator}",
    "params": ["app", "collaborator"],
    "variants": ["base", "sdk"],
    "resource": "team-app-collaborator",
    "operations": [{ "title": "Change a team app collaborator", "rel": "update", "status": 200, "list": false, "response": "team-app-collaborator" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/invitations/{token}",
    "method": "GET",
    "path": "/teams/invitations/{token}",
    "params": ["token"],
    "variants": ["base", "sdk"],
    "resource": "team-invitation",
    "operations": [{ "title": "Show an invitation to a team", "rel": "self", "status": 200, "list": false, "response": "team-invitation" }],
    "origin": "schema"
  },
  {
    "key": "POST /teams/invitations/{token}/accept",
    "method": "POST",
    "path": "/teams/invitations/{token}/accept",
    "params": ["token"],
    "variants": ["base", "sdk"],
    "resource": "team-invitation",
    "operations": [{ "title": "Accept an invitation to a team", "rel": "create", "status": 201, "list": false, "response": "team-member" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/permissions",
    "method": "GET",
    "path": "/teams/permissions",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "team-app-permission",
    "operations": [
      { "title": "List the permissions that an app of a team knows", "rel": "instances", "status": 200, "list": true, "response": "team-app-permission" }
    ],
    "origin": "schema"
  },
  {
    "key": "DELETE /teams/{team}",
    "method": "DELETE",
    "path": "/teams/{team}",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team",
    "operations": [{ "title": "Delete a team", "rel": "destroy", "status": 200, "list": false, "response": "team" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}",
    "method": "GET",
    "path": "/teams/{team}",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team",
    "operations": [{ "title": "Show a team", "rel": "self", "status": 200, "list": false, "response": "team" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /teams/{team}",
    "method": "PATCH",
    "path": "/teams/{team}",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team",
    "operations": [{ "title": "Change a team", "rel": "update", "status": 200, "list": false, "response": "team" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/addons",
    "method": "GET",
    "path": "/teams/{team}/addons",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "add-on",
    "operations": [{ "title": "List add-ons of a team", "rel": "instances", "status": 200, "list": true, "response": "add-on" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/allowed-addon-services",
    "method": "GET",
    "path": "/teams/{team}/allowed-addon-services",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "allowed-add-on-service",
    "operations": [
      { "title": "List allowed add-on services of a team", "rel": "instances", "status": 200, "list": true, "response": "allowed-add-on-service" }
    ],
    "origin": "schema"
  },
  {
    "key": "POST /teams/{team}/allowed-addon-services",
    "method": "POST",
    "path": "/teams/{team}/allowed-addon-services",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "allowed-add-on-service",
    "operations": [{ "title": "Allow an add-on service to a team", "rel": "create", "status": 201, "list": true, "response": "allowed-add-on-service" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /teams/{team}/allowed-addon-services/{allowed_add_on_service}",
    "method": "DELETE",
    "path": "/teams/{team}/allowed-addon-services/{allowed_add_on_service}",
    "params": ["team", "allowed_add_on_service"],
    "variants": ["base", "sdk"],
    "resource": "allowed-add-on-service",
    "operations": [
      { "title": "Delete an allowed add-on service of a team", "rel": "destroy", "status": 200, "list": false, "response": "allowed-add-on-service" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/apps",
    "method": "GET",
    "path": "/teams/{team}/apps",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-app",
    "operations": [{ "title": "List apps of a team", "rel": "instances", "status": 200, "list": true, "response": "team-app" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/apps/{app}/usage",
    "method": "GET",
    "path": "/teams/{team}/apps/{app}/usage",
    "params": ["team", "app"],
    "variants": ["sdk"],
    "resource": "usage",
    "operations": [{ "title": "Show the usage of an app of a team", "rel": "self", "status": 200, "list": false, "response": "usage" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/available-generations",
    "method": "GET",
    "path": "/teams/{team}/available-generations",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "generation",
    "operations": [{ "title": "List generations of a team", "rel": "instances", "status": 200, "list": true, "response": "generation" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/delinquency",
    "method": "GET",
    "path": "/teams/{team}/delinquency",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-delinquency",
    "operations": [{ "title": "Show the delinquency of a team", "rel": "self", "status": 200, "list": false, "response": "team-delinquency" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/features",
    "method": "GET",
    "path": "/teams/{team}/features",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-feature",
    "operations": [{ "title": "List features of a team", "rel": "instances", "status": 200, "list": true, "response": "team-feature" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/features/{team_feature}",
    "method": "GET",
    "path": "/teams/{team}/features/{team_feature}",
    "params": ["team", "team_feature"],
    "variants": ["base", "sdk"],
    "resource": "team-feature",
    "operations": [{ "title": "Show a feature of a team", "rel": "self", "status": 200, "list": false, "response": "team-feature" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/identity-providers",
    "method": "GET",
    "path": "/teams/{team}/identity-providers",
    "params": ["team"],
    "variants": ["base"],
    "resource": "identity-provider",
    "operations": [{ "title": "List identity providers of a team", "rel": "instances", "status": 200, "list": true, "response": "identity-provider" }],
    "origin": "schema"
  },
  {
    "key": "POST /teams/{team}/identity-providers",
    "method": "POST",
    "path": "/teams/{team}/identity-providers",
    "params": ["team"],
    "variants": ["base"],
    "resource": "identity-provider",
    "operations": [{ "title": "Create an identity provider of a team", "rel": "create", "status": 201, "list": false, "response": "identity-provider" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /teams/{team}/identity-providers/{identity_provider}",
    "method": "DELETE",
    "path": "/teams/{team}/identity-providers/{identity_provider}",
    "params": ["team", "identity_provider"],
    "variants": ["base"],
    "resource": "identity-provider",
    "operations": [{ "title": "Delete an identity provider of a team", "rel": "destroy", "status": 200, "list": false, "response": "identity-provider" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /teams/{team}/identity-providers/{identity_provider}",
    "method": "PATCH",
    "path": "/teams/{team}/identity-providers/{identity_provider}",
    "params": ["team", "identity_provider"],
    "variants": ["base"],
    "resource": "identity-provider",
    "operations": [{ "title": "Change an identity provider of a team", "rel": "update", "status": 200, "list": false, "response": "identity-provider" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/invitations",
    "method": "GET",
    "path": "/teams/{team}/invitations",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-invitation",
    "operations": [{ "title": "List invitations of a team", "rel": "instances", "status": 200, "list": true, "response": "team-invitation" }],
    "origin": "schema"
  },
  {
    "key": "PUT /teams/{team}/invitations",
    "method": "PUT",
    "path": "/teams/{team}/invitations",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-invitation",
    "operations": [{ "title": "Invite somebody to a team", "rel": "update", "status": 200, "list": false, "response": "team-invitation" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /teams/{team}/invitations/{team_invitation}",
    "method": "DELETE",
    "path": "/teams/{team}/invitations/{team_invitation}",
    "params": ["team", "team_invitation"],
    "variants": ["base", "sdk"],
    "resource": "team-invitation",
    "operations": [{ "title": "Withdraw an invitation to a team", "rel": "destroy", "status": 200, "list": false, "response": "team-invitation" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/invoices",
    "method": "GET",
    "path": "/teams/{team}/invoices",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-invoice",
    "operations": [{ "title": "List invoices of a team", "rel": "instances", "status": 200, "list": true, "response": "team-invoice" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/invoices/{team_invoice}",
    "method": "GET",
    "path": "/teams/{team}/invoices/{team_invoice}",
    "params": ["team", "team_invoice"],
    "variants": ["base", "sdk"],
    "resource": "team-invoice",
    "operations": [{ "title": "Show an invoice of a team", "rel": "self", "status": 200, "list": false, "response": "team-invoice" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/license-collections",
    "method": "GET",
    "path": "/teams/{team}/license-collections",
    "params": ["team"],
    "variants": ["sdk"],
    "resource": "team-license-collection",
    "operations": [{ "title": "List license collections of a team", "rel": "instances", "status": 200, "list": true, "response": "team-license-collection" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/licenses",
    "method": "GET",
    "path": "/teams/{team}/licenses",
    "params": ["team"],
    "variants": ["sdk"],
    "resource": "team-license",
    "operations": [{ "title": "List licenses of a team", "rel": "instances", "status": 200, "list": true, "response": "team-license" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/members",
    "method": "GET",
    "path": "/teams/{team}/members",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-member",
    "operations": [{ "title": "List members of a team", "rel": "instances", "status": 200, "list": true, "response": "team-member" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /teams/{team}/members",
    "method": "PATCH",
    "path": "/teams/{team}/members",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-member",
    "operations": [{ "title": "Change a member of a team", "rel": "update", "status": 200, "list": false, "response": "team-member" }],
    "origin": "schema"
  },
  {
    "key": "POST /teams/{team}/members",
    "method": "POST",
    "path": "/teams/{team}/members",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-member",
    "operations": [{ "title": "Add a member to a team", "rel": "create", "status": 201, "list": false, "response": "team-member" }],
    "origin": "schema"
  },
  {
    "key": "PUT /teams/{team}/members",
    "method": "PUT",
    "path": "/teams/{team}/members",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-member",
    "operations": [{ "title": "Add a member to a team, or change one", "rel": "create", "status": 201, "list": false, "response": "team-member" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /teams/{team}/members/{team_member}",
    "method": "DELETE",
    "path": "/teams/{team}/members/{team_member}",
    "params": ["team", "team_member"],
    "variants": ["base", "sdk"],
    "resource": "team-member",
    "operations": [{ "title": "Remove a member from a team", "rel": "destroy", "status": 200, "list": false, "response": "team-member" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/members/{team_member}/apps",
    "method": "GET",
    "path": "/teams/{team}/members/{team_member}/apps",
    "params": ["team", "team_member"],
    "variants": ["base", "sdk"],
    "resource": "team-member",
    "operations": [{ "title": "List the apps of a member of a team", "rel": "instances", "status": 200, "list": true, "response": "team-app" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/oauth/authorizations",
    "method": "GET",
    "path": "/teams/{team}/oauth/authorizations",
    "params": ["team"],
    "variants": ["sdk"],
    "resource": "oauth-authorization",
    "operations": [{ "title": "List OAuth authorizations of a team", "rel": "instances", "status": 200, "list": true, "response": "oauth-authorization" }],
    "origin": "schema"
  },
  {
    "key": "POST /teams/{team}/oauth/authorizations",
    "method": "POST",
    "path": "/teams/{team}/oauth/authorizations",
    "params": ["team"],
    "variants": ["sdk"],
    "resource": "oauth-authorization",
    "operations": [{ "title": "Create an OAuth authorization of a team", "rel": "create", "status": 201, "list": false, "response": "oauth-authorization" }],
    "origin": "schema"
  },
  {
    "key": "POST /teams/{team}/payments",
    "method": "POST",
    "path": "/teams/{team}/payments",
    "params": ["team"],
    "variants": ["sdk"],
    "resource": "payment",
    "operations": [{ "title": "Pay an invoice of a team", "rel": "self", "status": 200, "list": false, "response": "payment" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/permissions",
    "method": "GET",
    "path": "/teams/{team}/permissions",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "permission-entity",
    "operations": [
      { "title": "List who may do what with the apps of a team", "rel": "instances", "status": 200, "list": true, "response": "permission-entity" }
    ],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/pipeline-couplings",
    "method": "GET",
    "path": "/teams/{team}/pipeline-couplings",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "pipeline-coupling",
    "operations": [{ "title": "List pipeline couplings of a team", "rel": "instances", "status": 200, "list": true, "response": "pipeline-coupling" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/preferences",
    "method": "GET",
    "path": "/teams/{team}/preferences",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-preferences",
    "operations": [{ "title": "Show the preferences of a team", "rel": "self", "status": 200, "list": false, "response": "team-preferences" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /teams/{team}/preferences",
    "method": "PATCH",
    "path": "/teams/{team}/preferences",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-preferences",
    "operations": [{ "title": "Change the preferences of a team", "rel": "update", "status": 200, "list": false, "response": "team-preferences" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/spaces",
    "method": "GET",
    "path": "/teams/{team}/spaces",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-space",
    "operations": [{ "title": "List spaces of a team", "rel": "instances", "status": 200, "list": true, "response": "space" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/usage",
    "method": "GET",
    "path": "/teams/{team}/usage",
    "params": ["team"],
    "variants": ["sdk"],
    "resource": "usage",
    "operations": [{ "title": "Show the usage of all apps of a team", "rel": "self", "status": 200, "list": false, "response": "team-usage" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/usage/daily",
    "method": "GET",
    "path": "/teams/{team}/usage/daily",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-daily-usage",
    "operations": [{ "title": "List the daily usage of a team", "rel": "instances", "status": 200, "list": true, "response": "team-daily-usage" }],
    "origin": "schema"
  },
  {
    "key": "GET /teams/{team}/usage/monthly",
    "method": "GET",
    "path": "/teams/{team}/usage/monthly",
    "params": ["team"],
    "variants": ["base", "sdk"],
    "resource": "team-monthly-usage",
    "operations": [{ "title": "List the monthly usage of a team", "rel": "instances", "status": 200, "list": true, "response": "team-monthly-usage" }],
    "origin": "schema"
  },
  {
    "key": "POST /telemetry-drains",
    "method": "POST",
    "path": "/telemetry-drains",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "telemetry-drain",
    "operations": [{ "title": "Create a telemetry drain", "rel": "create", "status": 201, "list": false, "response": "telemetry-drain" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /telemetry-drains/{telemetry_drain}",
    "method": "DELETE",
    "path": "/telemetry-drains/{telemetry_drain}",
    "params": ["telemetry_drain"],
    "variants": ["base", "sdk"],
    "resource": "telemetry-drain",
    "operations": [{ "title": "Delete a telemetry drain", "rel": "destroy", "status": 200, "list": false, "response": "telemetry-drain" }],
    "origin": "schema"
  },
  {
    "key": "GET /telemetry-drains/{telemetry_drain}",
    "method": "GET",
    "path": "/telemetry-drains/{telemetry_drain}",
    "params": ["telemetry_drain"],
    "variants": ["base", "sdk"],
    "resource": "telemetry-drain",
    "operations": [{ "title": "Show a telemetry drain", "rel": "self", "status": 200, "list": false, "response": "telemetry-drain" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /telemetry-drains/{telemetry_drain}",
    "method": "PATCH",
    "path": "/telemetry-drains/{telemetry_drain}",
    "params": ["telemetry_drain"],
    "variants": ["base", "sdk"],
    "resource": "telemetry-drain",
    "operations": [{ "title": "Change a telemetry drain", "rel": "update", "status": 200, "list": false, "response": "telemetry-drain" }],
    "origin": "schema"
  },
  {
    "key": "POST /test-runs",
    "method": "POST",
    "path": "/test-runs",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "test-run",
    "operations": [{ "title": "Create a test run", "rel": "create", "status": 201, "list": false, "response": "test-run" }],
    "origin": "schema"
  },
  {
    "key": "GET /test-runs/{test_run}",
    "method": "GET",
    "path": "/test-runs/{test_run}",
    "params": ["test_run"],
    "variants": ["base", "sdk"],
    "resource": "test-run",
    "operations": [{ "title": "Show a test run", "rel": "self", "status": 200, "list": false, "response": "test-run" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /test-runs/{test_run}",
    "method": "PATCH",
    "path": "/test-runs/{test_run}",
    "params": ["test_run"],
    "variants": ["base", "sdk"],
    "resource": "test-run",
    "operations": [{ "title": "Change a test run", "rel": "update", "status": 200, "list": false, "response": "test-run" }],
    "origin": "schema"
  },
  {
    "key": "GET /test-runs/{test_run}/test-cases",
    "method": "GET",
    "path": "/test-runs/{test_run}/test-cases",
    "params": ["test_run"],
    "variants": ["base", "sdk"],
    "resource": "test-case",
    "operations": [{ "title": "List test cases of a test run", "rel": "instances", "status": 200, "list": true, "response": "test-case" }],
    "origin": "schema"
  },
  {
    "key": "GET /test-runs/{test_run}/test-nodes",
    "method": "GET",
    "path": "/test-runs/{test_run}/test-nodes",
    "params": ["test_run"],
    "variants": ["base", "sdk"],
    "resource": "test-node",
    "operations": [{ "title": "List test nodes of a test run", "rel": "instances", "status": 200, "list": true, "response": "test-node" }],
    "origin": "schema"
  },
  {
    "key": "DELETE /users/{account}",
    "method": "DELETE",
    "path": "/users/{account}",
    "params": ["account"],
    "variants": ["base", "sdk"],
    "resource": "account",
    "operations": [{ "title": "Delete an account", "rel": "destroy", "status": 200, "list": false, "response": "account" }],
    "origin": "schema"
  },
  {
    "key": "GET /users/{account}",
    "method": "GET",
    "path": "/users/{account}",
    "params": ["account"],
    "variants": ["base", "sdk"],
    "resource": "account",
    "operations": [{ "title": "Show an account", "rel": "self", "status": 200, "list": false, "response": "account" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /users/{account}",
    "method": "PATCH",
    "path": "/users/{account}",
    "params": ["account"],
    "variants": ["base", "sdk"],
    "resource": "account",
    "operations": [{ "title": "Change an account", "rel": "update", "status": 200, "list": false, "response": "account" }],
    "origin": "schema"
  },
  {
    "key": "GET /users/{account}/addons",
    "method": "GET",
    "path": "/users/{account}/addons",
    "params": ["account"],
    "variants": ["base", "sdk"],
    "resource": "add-on",
    "operations": [{ "title": "List add-ons of an account", "rel": "instances", "status": 200, "list": true, "response": "add-on" }],
    "origin": "schema"
  },
  {
    "key": "GET /users/{account}/apps",
    "method": "GET",
    "path": "/users/{account}/apps",
    "params": ["account"],
    "variants": ["base", "sdk"],
    "resource": "app",
    "operations": [{ "title": "List the apps that an account owns or works on", "rel": "instances", "status": 200, "list": true, "response": "app" }],
    "origin": "schema"
  },
  {
    "key": "GET /users/{account}/preferences",
    "method": "GET",
    "path": "/users/{account}/preferences",
    "params": ["account"],
    "variants": ["base", "sdk"],
    "resource": "user-preferences",
    "operations": [{ "title": "Show the user preferences of an account", "rel": "self", "status": 200, "list": false, "response": "user-preferences" }],
    "origin": "schema"
  },
  {
    "key": "PATCH /users/{account}/preferences",
    "method": "PATCH",
    "path": "/users/{account}/preferences",
    "params": ["account"],
    "variants": ["base", "sdk"],
    "resource": "user-preferences",
    "operations": [{ "title": "Change the user preferences of an account", "rel": "update", "status": 200, "list": false, "response": "user-preferences" }],
    "origin": "schema"
  },
  {
    "key": "GET /users/{account}/sms-number",
    "method": "GET",
    "path": "/users/{account}/sms-number",
    "params": ["account"],
    "variants": ["base", "sdk"],
    "resource": "sms-number",
    "operations": [{ "title": "Show an SMS number of an account", "rel": "self", "status": 200, "list": false, "response": "sms-number" }],
    "origin": "schema"
  },
  {
    "key": "POST /users/{account}/sms-number/actions/confirm",
    "method": "POST",
    "path": "/users/{account}/sms-number/actions/confirm",
    "params": ["account"],
    "variants": ["base", "sdk"],
    "resource": "sms-number",
    "operations": [{ "title": "Confirm the SMS number of an account", "rel": "self", "status": 200, "list": false, "response": "sms-number" }],
    "origin": "schema"
  },
  {
    "key": "POST /users/{account}/sms-number/actions/recover",
    "method": "POST",
    "path": "/users/{account}/sms-number/actions/recover",
    "params": ["account"],
    "variants": ["base", "sdk"],
    "resource": "sms-number",
    "operations": [{ "title": "Recover an account by SMS", "rel": "self", "status": 200, "list": false, "response": "sms-number" }],
    "origin": "schema"
  },
  {
    "key": "PUT /users/~/capabilities",
    "method": "PUT",
    "path": "/users/~/capabilities",
    "params": [],
    "variants": ["sdk"],
    "resource": "capability",
    "operations": [{ "title": "Ask what one may do with several resources", "rel": "self", "status": 200, "list": false, "response": "capability-list" }],
    "origin": "schema"
  },
  {
    "key": "POST /users/~/gateway-tokens",
    "method": "POST",
    "path": "/users/~/gateway-tokens",
    "params": [],
    "variants": ["sdk"],
    "resource": "gateway-token",
    "operations": [{ "title": "Make a gateway token", "rel": "self", "status": 200, "list": false, "response": "gateway-token" }],
    "origin": "schema"
  },
  {
    "key": "POST /users/~/gateway-tokens/oauth-authorization",
    "method": "POST",
    "path": "/users/~/gateway-tokens/oauth-authorization",
    "params": [],
    "variants": ["sdk"],
    "resource": "gateway-token",
    "operations": [{ "title": "Exchange a gateway token for an OAuth token", "rel": "self", "status": 200, "list": false, "response": "oauth-token" }],
    "origin": "schema"
  },
  {
    "key": "GET /users/~/pipeline-couplings",
    "method": "GET",
    "path": "/users/~/pipeline-couplings",
    "params": [],
    "variants": ["base", "sdk"],
    "resource": "pipeline-coupling",
    "operations": [{ "title": "List one's own pipeline couplings", "rel": "instances", "status": 200, "list": true, "response": "pipeline-coupling" }],
    "origin": "schema"
  }
];
