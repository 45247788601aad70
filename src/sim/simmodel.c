#include "sim/simmodel.h"

#include <string.h>

static const struct sim_model models[] = {
	/* sorted by name */
	{"c405", "lte",
		/* clang-format off */
		"TY:g36f,UL:60000,SY:0,CM:0,WT:0,AA:2,HR:0,TB:5,PP:0,AB:0,HH:1,TR:0,MO:1,MO2:0,FL"
			":0,VD:0,DD:2,SD:1,XY:2,HA:1,WF:0,WX:0,PH:1,RW:0,MT:0,XD:0,XL:0,YF:0,SM:0,HF:0,JX"
			":0,WL:1,MP:1,BQ:2,QQ:0,DL:0,HT:0,PB:0,RS:172320,DW:0,SS:0,OF:1,IN:0,JT:0,LG:1+0+"
			"3+4+5+7+8+9+10+12+16+17+27+34+36+38+39+19+24+20,GH:0,BT:2,BW:1,CL:1,BO:1,YJ:0,FA"
			":1,FD:1,CT:1,SO:1,ME:1,LR:0,TO:1,RR:1,AC:1,DC:2,RD:0,RY:3,XM:1,EM:0,VL:0+0,PV:0,"
			"FY:0,DS:0,DX:0,LL:0,AT:0,TM:1,DM:2,RP:1,FR:0,ZF:0,HC:0,LS:1+8,VS:0,CN:1,GS:1,EI:"
			"1,RA:1,JL:1,ACHS:0,DCHS:0,CR:0,NSEC:0,JG:1,RT:1,CAS:0,TS:1,DP:0,YP:0,WI:0,CJ:0,Y"
			"T:1,GB:1,VC:10+0+0+10,DCCA:1,DCVO:1,JZ:0,CS:0,AU:3,AUDCT:5,OS:RTOS,CHIP:3603,VR:"
			"C405_KYS_S5_V1.3_2025.10.11_11.43.26,UK:0,RV:C405_KYS_S5_04R6_V1.3_2025.10.11_11"
			".43.26",
		/* clang-format on */
		"", "APPANDFNREPORT SMSREMINDSTATUSINFO"},
	{"elder", "exact",
		"TY:elder,UL:600,CM:0,DD:2,LS:3+8,TB:2,BT:0,TM:0,BW:0,LG:0+4+5,HR:1,BO:1",
		"FLOWER SCHEDULE rcapture", ""},
	{"tk905", "minus3", NULL,
		"MESSAGE FIND FLOWER TK REMIND SILENCETIME SILENCETIME2 SCHEDULE PHB PHB2 PHB3 "
		"PHBX "
		"rcapture hrtstart bodytemp2 LZ profile",
		"INIT"},
	{"v28c", "exact,factory", "860,0,0,0,0,0,0,0,0,%s", "TAKEPILLS BTTIMESET BTWARNSET", ""},
	{"v32", "lte",
		"TY:v32,UL:600,SY:1,CM:1,DD:2,LS:1+6,TB:4,BT:2,TM:1,BW:1,LG:0+1+3+4+5,HR:1,BO:1",
		"LZ SILENCETIME HEALTHAUTOSET", "DEVPWDCHECKBIND"},
	{"v52", "exact,factory", "TY:V52,UL:600,CM:1,TB:1,HR:1,BO:1", "LZ FALLDOWN TAKEPILLS", ""},
	{"yisai", "yisai", NULL, "PHBX DPHBX DEVREFUSEPHONESWITCH WIFISEARCH", ""},
};

const struct sim_model *simmodel_find(struct view name)
{
	for (size_t i = 0; i < COUNT_OF(models); i++) {
		if (view_is(name, view_of(models[i].name)))
			return &models[i];
	}
	return NULL;
}

bool simmodel_next_probe(struct view *rest, struct view *ret)
{
	while (view_cut_field(rest, ' ', ret)) {
		if (ret->n > 0)
			return true;
	}
	return false;
}

bool simmodel_lacks(const struct sim_model *model, struct view keyword)
{
	struct view rest = view_of(model == NULL ? "" : model->lacks);
	struct view word;

	while (simmodel_next_probe(&rest, &word)) {
		if (view_is_nocase(word, keyword))
			return true;
	}
	return false;
}

void simmodel_add_config(const struct sim_model *model, const char *imei, struct wire *t)
{
	const char *place = model->config == NULL ? NULL : strstr(model->config, "%s");

	if (model->config == NULL)
		return;
	wire_add(t, "CONFIG,");
	if (place == NULL) {
		wire_add(t, "%s", model->config);
		return;
	}
	wire_add_bytes(t, model->config, (size_t)(place - model->config));
	wire_add(t, "%s%s", imei, place + 2);
}
