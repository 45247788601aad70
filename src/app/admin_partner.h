/* `kinward partner …`: what an operator without the app does in a hurry. Registering needs keys,
 * which come by the API. Rows of admin_commands.c. */
#pragma once

#include "app/admin.h"

admin_fn admin_partner_list, admin_partner_stop, admin_partner_start, admin_partner_delete;
