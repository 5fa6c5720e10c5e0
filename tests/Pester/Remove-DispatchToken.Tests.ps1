BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    Add-Type -Path $env:RD_PESTER_FLEET_PROGRAM
    $github = [RemoteDispatch.Fleet.GitHubDouble]::new()
    $app = @{ AppId = $github::AppId; AppKey = (ConvertTo-SecureString $github.KeyPem -AsPlainText); ApiAddress = $github.Address }
}
AfterAll {
    Clear-Sandbox
    $github.DisposeAsync().AsTask().Wait()
}

Describe 'Remove-DispatchToken' {
    It 'revokes tokens from the pipeline, and one that has ended already without an error' {
        $one = New-DispatchToken octo/one contents:read @app
        $two = New-DispatchToken octo/two contents:read @app
        $github.Live | Should -HaveCount 2
        $one, $two | Remove-DispatchToken -ErrorAction Stop | Should -BeNullOrEmpty
        $github.Live | Should -BeNullOrEmpty
        ($one | Remove-DispatchToken -PassThru -ErrorAction Stop).IsRevoked | Should -BeTrue
    }

    It 'is what a session does at its end with a token of a short life' {
        $key = $github.KeyPem
        $env:RDTEST_APP_KEY = $key
        try { Invoke-OtherProcess "`$null = New-DispatchToken octo/one contents:read -ExpiresIn 10m -AppId $($github::AppId) -AppKey RDTEST_APP_KEY -ApiAddress $($github.Address)" }
        finally { Remove-Item Env:RDTEST_APP_KEY }
        $github.Made.Count | Should -Be 3
        $github.Live | Should -BeNullOrEmpty
    }
}
