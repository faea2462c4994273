"""The page in a real browser, as a person uses it: found by what it says, not by how it is built. After each test: no error
in the console, no request to another host."""

import os
import re
import sys
import unittest
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent))
from stand import SCREENSHOTS, Stand, browser_path  # noqa: E402

BROWSER = browser_path()
HOW = "no Chromium here (on Debian: apt-get install chromium-headless-shell; elsewhere BROWSER=/path/to/chrome)"
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# Rules of axe-core at these levels of impact fail a test.
GRAVE = {"serious", "critical"}


def setUpModule():
    if BROWSER is None:
        if os.environ.get("CI") == "true":
            raise RuntimeError(HOW)
        raise unittest.SkipTest(HOW)
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import expect, sync_playwright
    globals().update(Axe=Axe, expect=expect)
    expect.set_options(timeout=15_000)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    global stand, driver, browser
    stand = Stand()
    unittest.addModuleCleanup(stand.stop)
    driver = sync_playwright().start()
    unittest.addModuleCleanup(driver.stop)
    # As root Chromium has no sandbox of its own; it sees nothing but this machine.
    browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
    unittest.addModuleCleanup(browser.close)


class InABrowser(unittest.TestCase):
    def setUp(self):
        self.troubles = []
        self.context = self.opened(viewport=WIDE)
        self.page = self.context.pages[0]

    def opened(self, language="en", **options):
        """A browser of a user who is this test's own, with the page open."""
        context = browser.new_context(locale="sv-SE" if language == "sv" else "en-GB", **options)
        context.set_default_timeout(15_000)
        context.add_cookies([{"name": "user", "value": self.id().rsplit(".", 1)[-1][5:25], "url": stand.page}])
        context.on("console", self.heard)
        context.on("weberror", lambda error: self.troubles.append(f"error: {error.error}"))
        context.on("request", self.sent)
        context.new_page().goto(stand.page)
        return context

    def heard(self, message):
        if message.type in ("error", "warning"):
            self.troubles.append(f"console: {message.text}")

    def sent(self, request):
        host = urlsplit(request.url).hostname
        if request.url.startswith("data:"):
            return
        local = host == "localhost" or (host == "127.0.0.1" and request.is_navigation_request())
        if not local:
            self.troubles.append(f"request to {request.url}")

    def tearDown(self):
        self.context.close()
        stand.bank("faults", method="DELETE")
        self.assertEqual(self.troubles, [])

    def button(self, name, page=None):
        return (page or self.page).get_by_role("button", name=name, exact=True)

    def accessible(self, page=None):
        found = Axe().run(page or self.page).response["violations"]
        grave = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found if rule["impact"] in GRAVE]
        self.assertEqual(grave, [])

    def connect(self, kind="Private"):
        self.page.get_by_role("link", name="Connect a bank").click()
        self.page.get_by_label(kind).check()
        self.button("Continue").click()
        expect(self.page.get_by_text("How would you like to approve?")).to_be_visible()

    def sign_at_bank(self, decision="Approve", customer="Anna Testsson"):
        if decision == "Approve":
            self.page.get_by_label(customer).check()
        self.page.get_by_role("button", name=decision).click()

    def by_redirect(self, customer="Anna Testsson"):
        self.connect()
        self.button("At the bank, in the browser").click()
        self.sign_at_bank(customer=customer)

    def by_bankid(self):
        self.connect()
        self.button("BankID on another device").click()
        expect(self.page.get_by_role("img", name="Scan with the BankID app")).to_be_visible()

    def badge(self, text, page=None):
        expect((page or self.page).locator("h1 .badge")).to_have_text(text)

    def shot(self, name, page=None):
        (page or self.page).screenshot(path=SCREENSHOTS / f"{name}.png")

    def open_transactions(self):
        self.page.get_by_role("link", name="Allkonto", exact=True).click()
        expect(self.page.get_by_role("table", name="Booked")).to_be_visible()


class ThePage(InABrowser):
    def test_a_browser_goes_to_the_bank_and_comes_back_to_the_transactions(self):
        self.by_redirect()
        self.badge("Connected")
        self.assertNotIn("handle", self.page.url)
        expect(self.page.get_by_text("The same money as Allkort Mastercard")).to_be_visible()
        self.accessible()
        self.shot("accounts-wide")
        self.open_transactions()
        expect(self.page.get_by_role("table", name="Pending")).to_be_visible()
        expect(self.page.get_by_text("complete (fewer rows")).to_be_visible()
        expect(self.page.get_by_role("img", name=re.compile("^Balance:"))).to_be_visible()
        everything = self.page.get_by_role("table", name="Booked").locator("tbody tr").count()
        self.page.get_by_label("Search").fill("apotek")
        found = self.page.get_by_role("table", name="Booked").locator("tbody tr")
        self.assertTrue(0 < found.count() < everything)
        for text in found.all_inner_texts():
            self.assertIn("APOTEK", text)
        self.page.get_by_label("Search").fill("")
        self.accessible()
        self.shot("transactions-wide")

    def test_bankid_on_another_device_leads_to_the_transactions(self):
        self.by_bankid()
        self.accessible()
        self.shot("bankid-wide")
        self.button("Approve").click()
        self.badge("Connected")
        self.open_transactions()

    def test_a_cancelled_bankid_is_told_in_the_words_of_the_problem_in_both_languages(self):
        self.by_bankid()
        self.button("Cancel in BankID").click()
        expect(self.page.get_by_role("alert")).to_contain_text("You cancelled in the BankID app.")
        self.accessible()
        self.button("Svenska").click()
        expect(self.page.get_by_role("alert")).to_contain_text("Du avbröt i BankID-appen.")
        self.assertEqual(self.page.locator("html").get_attribute("lang"), "sv")

    def test_questions_of_the_bank_that_are_open_are_told_instead_of_accounts(self):
        self.by_redirect(customer="Frida Frågelöf")
        expect(self.page.get_by_role("alert").first).to_contain_text("answer some questions")
        expect(self.page.get_by_text("kyc_missing").first).to_be_visible()
        self.accessible()

    def test_a_denial_at_the_bank_ends_nothing_and_a_second_try_connects(self):
        self.connect()
        self.button("At the bank, in the browser").click()
        self.sign_at_bank("Deny")
        expect(self.page.get_by_role("alert")).to_contain_text("not approved")
        self.button("Go to the bank").click()
        self.sign_at_bank()
        self.badge("Connected")

    def test_a_fault_set_on_the_desk_is_what_the_app_sees_next(self):
        self.by_redirect()
        self.badge("Connected")
        self.page.get_by_label("Call", exact=True).select_option("accounts.list")
        self.page.get_by_label("What goes wrong next", exact=True).and_(self.page.locator("select")).select_option("kyc_missing")
        self.button("Set").click()
        expect(self.page.locator(".desk").get_by_text("accounts.list: kyc_missing")).to_be_visible()
        self.page.reload()
        expect(self.page.get_by_role("alert").first).to_contain_text("answer some questions")

    def test_a_page_that_is_closed_or_opened_twice_or_reloaded_goes_on_where_it_was(self):
        self.by_bankid()
        address, id_of_order = self.page.url, stand.bank("orders")[0]["session_id"]
        second = self.context.new_page()
        second.goto(address)
        expect(second.get_by_role("img", name="Scan with the BankID app")).to_be_visible()
        self.page.close()
        second.reload()
        expect(second.get_by_role("img", name="Scan with the BankID app")).to_be_visible()
        self.assertEqual(stand.bank("orders")[0]["session_id"], id_of_order)
        self.button("Approve", second).click()
        self.badge("Connected", second)

    def test_a_handle_that_comes_again_changes_nothing(self):
        links = []
        self.page.on("request", lambda request: links.append(request.url) if "handle=" in request.url else None)
        self.by_redirect()
        self.badge("Connected")
        self.page.goto(links[0])
        self.badge("Connected")
        expect(self.page.get_by_role("alert")).to_have_count(0)

    def test_the_phone_and_the_dark_are_served_as_well(self):
        self.by_redirect()
        self.badge("Connected")
        here = self.page.url
        for name, options in [("phone", {"viewport": PHONE}), ("dark", {"viewport": WIDE, "color_scheme": "dark"}),
                              ("phone-dark", {"viewport": PHONE, "color_scheme": "dark", "language": "sv"})]:
            context = self.opened(**options)
            self.addCleanup(context.close)
            page = context.pages[0]
            page.goto(here)
            self.badge("Ansluten" if "language" in options else "Connected", page)
            self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), options["viewport"]["width"])
            self.accessible(page)
            self.shot(f"accounts-{name}", page)
            if name == "phone-dark":  # Another language of the same two views.
                continue
            page.get_by_role("link", name="Allkonto", exact=True).click()
            expect(page.get_by_role("table").first).to_be_visible()
            self.accessible(page)
            self.shot(f"transactions-{name}", page)

    def test_the_keyboard_alone_connects_and_ends_a_connection(self):
        self.page.get_by_role("link", name="Connect a bank").focus()
        self.page.keyboard.press("Enter")
        self.page.get_by_label("Private").focus()
        self.page.keyboard.press("Enter")
        self.button("At the bank, in the browser").press("Enter")
        self.page.get_by_role("button", name="Approve").press("Enter")
        self.badge("Connected")
        self.button("End the connection").press("Enter")
        self.button("Yes, end it").press("Enter")
        self.badge("Ended")


class TheClockMoves(InABrowser):
    """These move the clock of everybody, and come last."""

    def test_after_eighty_days_a_connection_is_renewed_under_the_same_id(self):
        self.by_redirect()
        self.badge("Connected")
        address = self.page.url
        self.button("+80 days").click()
        expect(self.page.get_by_text("It is time to renew")).to_be_visible()
        # It has not been asked yet.
        expect(self.page.get_by_text("The bank offers")).to_have_count(0)
        self.accessible()
        self.shot("renewal-wide")
        self.button("At the bank, in the browser").click()
        self.sign_at_bank()
        expect(self.page.get_by_text("Renewed. accounts kept: ")).to_be_visible()
        expect(self.page.locator(".timeline")).to_contain_text("renewed")
        self.badge("Connected")
        self.assertEqual(self.page.url, address)
        expect(self.page.get_by_text("It is time to renew")).to_have_count(0)

    def test_a_page_that_is_returned_to_late_says_so(self):
        self.connect()
        self.button("At the bank, in the browser").click()
        expect(self.page.get_by_role("button", name="Deny")).to_be_visible()
        stand.bank("clock", {"advance_ms": 16 * 60_000})
        self.sign_at_bank()
        expect(self.page.get_by_role("alert")).to_contain_text("It took too long to approve.")


def load_tests(loader, _tests, _pattern):
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (ThePage, TheClockMoves))


if __name__ == "__main__":
    result = unittest.main(verbosity=2, exit=False).result
    bad, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    # As the other tests end, to be counted with them.
    print(f"test result: page. {max(result.testsRun - bad - skipped, 0)} passed; {bad} failed; {skipped} ignored", flush=True)
    sys.exit(bad > 0)
