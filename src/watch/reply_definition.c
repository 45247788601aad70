/* The table of what the server answers (protocol section 2.1, commands.json): for the reference and
 * for the test that compares it with the catalogue. */
#include "watch/reply.h"

static const struct reply_definition definitions[] = {
	{"LK", "LK", "LK", "keep-alive"},
	{"KA", "KA", "KA", "keep-alive of some platforms"},
	{"AL", "AL and every alarm keyword", "AL", "alarm received: sent whatever the alarm holds"},
	{"TKQ", "TKQ", "TKQ", "then a voice message, if one waits"},
	{"TKQ2", "TKQ2", "TKQ2", "then a voice message of a friend, if one waits"},
	{"TK", "TK", "TK,{stored}", "voice message received: 1 stored, 0 not"},
	{"TK2", "TK2", "TK2,{group},{stored}", "voice message to a group: 1 stored, 0 not"},
	{"img", "img", "img", "picture received"},
	{"JXTKR", "JXTK", "JXTKR,1", "part of a voice message received"},
	{"INIT", "INIT", "INIT,1", "start of a tracker"},
	{"CONFIG", "CONFIG", "CONFIG,1", "capabilities received"},
	{"RYIMEI", "RYIMEI", "RYIMEI,{status}; RYIMEI after a repeat", "IMEI received"},
	{"ICCID", "ICCID", "ICCID", "SIM card received"},
	{"APPCONTACTTEL", "APPCONTACTTEL", "APPCONTACTTEL", "start-up report received"},
	{"APPANDFNREPORT", "APPANDFNREPORT", "APPANDFNREPORT", "start-up report received"},
	{"eicard", "eicard", "eicard", "start-up report received"},
	{"SMSREMINDSTATUSINFO", "SMSREMINDSTATUSINFO", "SMSREMINDSTATUSINFO",
		"start-up report received"},
	{"DEVICEFUNCCOUNT", "DEVICEFUNCCOUNT", "DEVICEFUNCCOUNT", "start-up report received"},
	{"FFZDPAYH5", "FFZDPAYH5", "FFZDPAYH5", "start-up report received"},
	{"calllog", "calllog", "calllog,{status}; calllog after a repeat", "call received"},
	{"DEVPWDCHECKBIND", "DEVPWDCHECKBIND", "DEVPWDCHECKBIND,1,{bound}",
		"1: the watch belongs to somebody"},
	{"bphrt", "bphrt", "bphrt", "measurement received"},
	{"oxygen", "oxygen", "oxygen,{status}", "measurement received: 1, or 0 when unusable"},
	{"btemp2", "btemp2", "btemp2", "measurement received"},
	{"WIFIINFOUP", "WIFIINFOUP", "WIFIINFOUP,{status}", "network received"},
	{"DLT", "DLT", "DLT", "the wearer unbinds: received"},
	{"TIME", "TIME", "TIME,{unix seconds}", "clock"},
	{"LGZONE", "LGZONE", "LGZONE", "received"},
	{"pp", "PP", "{result}; pp,{result}; yisai PP,{friend},{name},{number}",
		"a friend's ID, 1: the other side has one, 2: this side has; only when both "
		"families allow it"},
	{"WT", "WT, WT_LTE, WT2", "WT,{date},{time},{text},{code},{now},{low},{high},{city}",
		"weather; the text in GB2312, for yisai in UTF-16"},
	{"WT_FUTR", "WT_FUTR",
		"WT_FUTR,{date},{time},{city},{now},4 x [{date},]{text},{code},{high},{low}",
		"forecast; yisai"},
	{"RG", "WG", "RG,BASE,{lat},N,{lon},E", "place of the cells"},
	{"RAD", "WAD", "RAD,{GPS or BASE},{text}", "address"},
};

const struct reply_definition *reply_definitions(size_t *ret_n)
{
	*ret_n = COUNT_OF(definitions);
	return definitions;
}
