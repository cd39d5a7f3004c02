// Who chats with which account: kept in the address, so that two windows can be two customers.

const REMEMBERED = "kefu-phone";
export const DEMO_CUSTOMERS = Array.from(
  { length: 200 },
  (_, index) => `o_demo_${String(index + 1).padStart(4, "0")}`,
);

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED) ?? "";
  } catch (error) {
    return ""; // Storage may be forbidden; the address is enough.
  }
}

/** Return {account, openid} of the address, else of the last visit, else the first demo customer. */
export function readIdentity(accounts) {
  const given = new URLSearchParams(location.hash.slice(1) || remembered());
  return {
    account: accounts.find((account) => account.appid === given.get("appid")) ?? accounts[0],
    openid: given.get("openid") || DEMO_CUSTOMERS[0],
  };
}

/** Write the identity to the address and remember it for the next visit. */
export function keepIdentity({ account, openid }) {
  const text = new URLSearchParams({ appid: account.appid, openid }).toString();
  history.replaceState(null, "", `#${text}`);
  try {
    localStorage.setItem(REMEMBERED, text);
  } catch (error) {
    // Storage may be forbidden; the address is enough.
  }
}
